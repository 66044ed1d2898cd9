import { type JobQueueName, jobQueueNames, openJobQueue } from '../support/job-queue.js';
import { unlinkFiles } from '../support/unlink-files.js';
import type { DrainStage, DrainSystem, OpenDrain } from './drain-system.js';
import { rowsPerTransaction } from './rows-per-transaction.js';

/** Each job queue with a job for each file, and with one for all files of a transaction. */
export const queueSystems: readonly DrainSystem[] = jobQueueNames.flatMap((queue) =>
  [1, rowsPerTransaction].map((keysPerJob): DrainSystem => ({
    name: `${queue}, one job a ${keysPerJob === 1 ? 'file' : 'transaction'}`,
    registry: false,
    modes: ['afterwards', 'alongside'],
    open: (stage) => open(stage, queue, keysPerJob),
  })),
);

async function open(
  { database, root, files }: DrainStage,
  name: JobQueueName,
  keysPerJob: number,
): Promise<OpenDrain> {
  const queue = await openJobQueue(name, database, { keysPerJob, tuning: 'throughput' });
  const { promise: allGone, resolve, reject } = Promise.withResolvers<void>();
  let gone = 0;
  let worker: { stop(): Promise<void> } | undefined;
  const start = async () => {
    worker = await queue.work(async (keys) => {
      try {
        await unlinkFiles(root, keys);
      } catch (error) {
        reject(error);
        throw error;
      }
      gone += keys.length;
      if (gone === files.length) resolve();
    });
  };
  return {
    async inTransaction(client, owners) {
      const keys = owners.map(({ key }) => key);
      await queue.enqueue(client, keysPerJob === 1 ? keys.map((key) => ({ keys: [key] })) : [{ keys }]);
    },
    start,
    async finish() {
      if (worker === undefined) await start();
      await allGone;
    },
    async [Symbol.asyncDispose]() {
      await worker?.stop();
      await queue[Symbol.asyncDispose]();
    },
  };
}

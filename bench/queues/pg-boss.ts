import { PgBoss, type JobWithMetadata } from 'pg-boss';
import type { ClientBase } from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchDatabase } from '../support/bench-server.js';
import type { Job, JobQueue, JobQueueOptions } from '../support/job-queue.js';

const queue = 'unlink';

/** Keys that one fetch brings; more gained nothing. */
const keysPerFetch = 1000;
/** Loops of fetch and complete side by side, so that one unlinks while the other asks the database. */
const loops = 2;
/** Between two looks into an empty queue; pg-boss' own workers wait 500 ms or longer. */
const emptyPauseMs = 5;

/**
 * pg-boss at its best for a backlog: jobs inserted in one call, fetched and completed by the thousand, by loops
 * that do not wait out a polling interval, and without its maintenance. With `tuning: 'defaults'`, its own worker,
 * woken by LISTEN/NOTIFY.
 */
export async function open(
  database: BenchDatabase,
  { keysPerJob, tuning }: JobQueueOptions,
): Promise<JobQueue> {
  const eager = tuning === 'throughput';
  const boss = new PgBoss({
    connectionString: database.connectionString,
    max: 4,
    ...(eager ? { supervise: false, schedule: false } : { useListenNotify: true }),
  });
  boss.on('error', (error) => console.error(`pg-boss: ${String(error)}`));
  await boss.start();
  await boss.createQueue(queue, { notify: !eager });

  return {
    async enqueue(client: ClientBase, jobs: readonly Job[]) {
      const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
      if (jobs.length === 1) await boss.send(queue, jobs[0] as object, { db });
      else
        await boss.insert(
          queue,
          jobs.map((data) => ({ data })),
          { db },
        );
    },

    async work(handle) {
      if (!eager) {
        await boss.work<Job>(queue, (jobs) => handle(jobs.flatMap(({ data }) => data.keys)));
        return { stop: () => boss.offWork(queue) };
      }
      const batchSize = Math.max(1, Math.floor(keysPerFetch / keysPerJob));
      let stopping = false;
      const loop = async () => {
        while (!stopping) {
          const jobs = await boss.fetch<Job>(queue, { batchSize });
          if (jobs.length === 0) {
            await pause(emptyPauseMs);
            continue;
          }
          await handle(jobs.flatMap(({ data }) => data.keys));
          await boss.complete(
            queue,
            jobs.map(({ id }: Pick<JobWithMetadata, 'id'>) => id),
          );
        }
      };
      const running = Promise.all(Array.from({ length: loops }, loop));
      running.catch((error: unknown) => console.error(`pg-boss: ${String(error)}`));
      return {
        async stop() {
          stopping = true;
          await running;
        },
      };
    },

    clear: async () => void (await boss.deleteAllJobs(queue)),

    [Symbol.asyncDispose]: () => boss.stop({ graceful: false, close: true }),
  };
}

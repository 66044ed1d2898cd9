import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import type { ClientBase } from 'pg';
import type { BenchDatabase } from '../support/bench-server.js';
import type { Job, JobQueue, JobQueueOptions } from '../support/job-queue.js';

const task = 'unlink';

/**
 * graphile-worker as its own page on performance sets it up: 24 jobs at once, a local queue of 500, completions in batches. Jobs of
 * a hundred keys each unlink 16 at once by themselves, so there 4 run at once. Jobs are added by `add_jobs` in one statement. With
 * `tuning: 'defaults'`, none of that.
 */
export async function open(
  database: BenchDatabase,
  { keysPerJob, tuning }: JobQueueOptions,
): Promise<JobQueue> {
  const logger = new Logger(() => (level, message) => {
    if (level === 'error') console.error(`graphile-worker: ${message}`);
  });
  const utils = await makeWorkerUtils({ connectionString: database.connectionString, logger });
  await utils.migrate();
  await utils.release();
  const concurrentJobs = keysPerJob === 1 ? 24 : 4;
  const pool = database.pool({ max: concurrentJobs + 1 });
  // A task's row is made by its first worker or job; afterwards nobody writes it.
  await pool.query(`select from graphile_worker.add_job($1, '{"keys": []}')`, [task]);
  await pool.query('delete from graphile_worker._private_jobs');

  return {
    async enqueue(client: ClientBase, jobs: readonly Job[]) {
      if (jobs.length === 1) {
        await client.query('select from graphile_worker.add_job($1, $2)', [task, JSON.stringify(jobs[0])]);
        return;
      }
      await client.query(
        `select count(*)
           from graphile_worker.add_jobs(array(
                  select ($1, payload, null, null, null, null, null, null)::graphile_worker.job_spec
                    from json_array_elements($2::json) payload))`,
        [task, JSON.stringify(jobs)],
      );
    },

    async work(handle) {
      const throughput = {
        concurrentJobs,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      };
      const runner = await run({
        preset: { worker: { logger, ...(tuning === 'throughput' ? throughput : {}) } },
        pgPool: pool,
        noHandleSignals: true,
        taskList: { [task]: (payload) => handle((payload as Job).keys) },
      });
      return { stop: () => runner.stop() };
    },

    async clear() {
      await pool.query('delete from graphile_worker._private_jobs');
    },

    async [Symbol.asyncDispose]() {
      await pool.end();
    },
  };
}

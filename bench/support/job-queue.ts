import type { ClientBase } from 'pg';
import type { BenchDatabase } from './bench-server.js';

/** A job: delete the bytes of these keys. */
export interface Job {
  readonly keys: readonly string[];
}

/** What a job queue does in the benchmarks, so that each is used in the same places. */
export interface JobQueue extends AsyncDisposable {
  /** Enqueues the jobs in the client's open transaction. */
  enqueue(client: ClientBase, jobs: readonly Job[]): Promise<void>;

  /** Works on jobs until it is stopped, which flushes what is in flight. */
  work(handle: (keys: readonly string[]) => Promise<void>): Promise<{ stop(): Promise<void> }>;

  /** Forgets all jobs. */
  clear(): Promise<void>;
}

export interface JobQueueOptions {
  /** 1 where there is a job a file. Concurrency is chosen by it. */
  readonly keysPerJob: number;
  /** Tuned for a backlog, or as the manual's first example has it. */
  readonly tuning: 'throughput' | 'defaults';
}

export type OpenJobQueue = (database: BenchDatabase, options: JobQueueOptions) => Promise<JobQueue>;

export const jobQueueNames = ['pg-boss', 'graphile-worker'] as const;
export type JobQueueName = (typeof jobQueueNames)[number];

/** By address, so that what is installed beside the benchmarks only is no import of the project. */
export async function openJobQueue(
  name: JobQueueName,
  database: BenchDatabase,
  options: JobQueueOptions,
): Promise<JobQueue> {
  const { href } = new URL(`../queues/${name}.ts`, import.meta.url);
  const { open } = (await import(href)) as { open: OpenJobQueue };
  return open(database, options);
}

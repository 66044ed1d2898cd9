import type { OutboxHealth } from '../outbox/outbox-health.js';

/**
 * What is wrong: `database` does not answer or refuses, `paused` and `foreign` keep every processor from deleting, `late` means
 * that something has been due for too long, `stuck` and `backlog` that there are too many.
 */
export type FileRegistryHealthProblem = 'database' | 'foreign' | 'paused' | 'late' | 'stuck' | 'backlog';

/** What the indicator answers beside the status. Tells nothing of files, hosts or errors, so that an endpoint may show it. */
export interface FileRegistryHealth extends Partial<OutboxHealth> {
  /** Empty where the status is `up`. */
  readonly problems: readonly FileRegistryHealthProblem[];
  /** What to do, in a sentence for each problem. */
  readonly message?: string;
  /** Where the database is the problem: the code of the error. */
  readonly code?: string;
}

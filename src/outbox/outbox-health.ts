/** Where the counts of `OutboxHealth` end: 0.1 s of the database with that much waiting, on a 2-core machine. */
export const healthCountMax = 100_000;

/** How old an answer that is shared may be, in milliseconds. */
export const healthAgeMaxMs = 60 * 60 * 1000;

/**
 * What an alarm needs of the outbox, at a cost that does not grow with it: unlike those of `stats()` the counts stop at 100,000, and
 * only the storages of the options are looked at.
 */
export interface OutboxHealth {
  /** Intents whose period is over. */
  readonly due: number;
  /** Intents whose period is not. */
  readonly waiting: number;
  /** How long the oldest due intent has been due; null where none is. Grows when no processor runs. */
  readonly oldestDueAgeMs: number | null;
  /** Objects whose deletion is due, under way or to be tried again, without the stuck ones. */
  readonly pendingDeletions: number;
  /** How long the oldest due deletion has waited for a processor; null where none is due. */
  readonly oldestDeletionDueAgeMs: number | null;
  /** Deletions that used up their attempts or were refused for good, and wait for `retryStuck()`. */
  readonly stuck: number;
  /** Since when `pause()` holds every processor back; null where none does. */
  readonly pausedAt: Date | null;
  /** False where the rows came from another server, database or environment: nothing is deleted until `takeOwnership()`. */
  readonly own: boolean;
}

/** The state of the outbox. */
export interface OutboxStats {
  /** Intents waiting. */
  readonly pending: number;
  /** Intents whose period is over. */
  readonly due: number;
  /** Intents of a reason this version does not know; they are never due. */
  readonly unknownReasons: number;
  /** How long the oldest due intent has been due; null where none is. Grows when no processor runs. */
  readonly oldestDueAgeMs: number | null;
  /** Uploads under way, or given up and not yet taken back. */
  readonly reserved: number;
  /** Objects whose deletion is due or under way, the stuck ones included. */
  readonly condemned: number;
  /** Deletions that used up their attempts or were refused for good, and wait for `retryStuck()`. */
  readonly stuck: number;
  /** Receipts of deletions, until they are pruned. */
  readonly receipts: number;
  /** Since when `pause()` holds every processor back; null where none does. */
  readonly pausedAt: Date | null;
  /** False where the rows came from another server, database or environment: nothing is deleted until `takeOwnership()`. */
  readonly own: boolean;
  /** Transactions since the oldest multixact; attaching one file thousands of times a second uses them up. */
  readonly multixactAge: number;
  /** What somebody should look at, in sentences that say what to do. Empty when all is well. */
  readonly warnings: readonly string[];
}

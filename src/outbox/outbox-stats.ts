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
}

/** Why a processor deletes nothing: `pause()` was called, or the rows came from another database. */
export type Obstacle = 'paused' | 'foreign';

/** What `drain` did. */
export interface DrainResult extends DrainCounts {
  /** What stood in the way when it began; null where nothing did. */
  readonly obstacle: Obstacle | null;
}

/** What a pass of the processor counts. */
export interface DrainCounts {
  /** Files that had no reference past their period and are files no more. */
  readonly condemned: number;
  /** Intents that had come to nothing: the file was referenced again, or gone. */
  readonly dropped: number;
  /** Intents passed by for now: a younger one governs, or an open transaction holds the file. */
  readonly left: number;
  /** Intents whose settling failed; logged, and tried again by a later pass. */
  readonly unsettled: number;
  /** Objects deleted from storage, with their receipts written. */
  readonly deleted: number;
  /** Deletions that failed and will be tried again, or are stuck. */
  readonly failed: number;
  /** Of the failed, those that wait for `retryStuck()`. */
  readonly stuck: number;
  /** Deletions whose lease another process had taken over before the outcome was written. */
  readonly lostLeases: number;
  /** Deletions given back unstarted because of a shutdown or a lease that was running out. */
  readonly released: number;
  /** Receipts past their retention that were forgotten. */
  readonly prunedReceipts: number;
}

export type DrainTally = { -readonly [Name in keyof DrainCounts]: number };

export function newTally(): DrainTally {
  return {
    condemned: 0,
    dropped: 0,
    left: 0,
    unsettled: 0,
    deleted: 0,
    failed: 0,
    stuck: 0,
    lostLeases: 0,
    released: 0,
    prunedReceipts: 0,
  };
}

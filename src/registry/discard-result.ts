export interface DiscardResult {
  /** Files that went by this call; those that stay, and those that were gone already, do not count. */
  readonly discarded: number;
}

/** An object that is due to go and belongs to this process for the length of a lease. */
export interface ClaimedDeletion {
  readonly fileId: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly abandoned: boolean;
}

export interface FailedDeletion {
  readonly fileId: string;
  readonly error: string;
  readonly permanent: boolean;
}

/** What became of a batch, by file id. */
export interface DeletionOutcomes {
  readonly done: string[];
  readonly failed: FailedDeletion[];
  /** Given back as if they had not been claimed. */
  readonly unstarted: string[];
}

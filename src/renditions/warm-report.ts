/** What `warm` came to, or how far it is. Counts are of renditions unless they say otherwise. */
export interface WarmReport {
  /** Originals that were gone through. */
  readonly originals: number;
  readonly made: number;
  /** There already, or made by another process meanwhile. */
  readonly existing: number;
  readonly failed: number;
  /** The first 100 that failed. */
  readonly failures: readonly WarmFailure[];
  /** True where the signal ended it before the last original. */
  readonly aborted: boolean;
}

export interface WarmFailure {
  /** The original's id, or what was given in its place. */
  readonly file: string;
  /** The canonical text of the spec. */
  readonly spec: string;
  /** The code of the registry's error; for `RENDITION_FAILED` that of the maker's error, where it has one. */
  readonly code: string;
  readonly message: string;
}

export interface WarmOptions {
  /** Originals that are worked on at a time, one rendition of each. Default: 4. Limits: 1 to 100. */
  readonly concurrency?: number | undefined;
  /** Told after each original how far it is. */
  readonly onProgress?: ((report: WarmReport) => void) | undefined;
  /** Ends it after what is in flight; what was made stays. */
  readonly signal?: AbortSignal | undefined;
}

/** What an import did, or would do. `rows` is the sum of `taken`, `missing`, `busy` and `refused`. */
export interface ImportReport {
  /** Rows that were read, those passed over by `skipRows` not counted. */
  readonly rows: number;
  /** Rows whose owner holds their file now, also where it did before. */
  readonly taken: number;
  /** Files that began. */
  readonly files: number;
  /** References that began. */
  readonly references: number;
  /** Rows whose object is not in the storage. */
  readonly missing: number;
  /** Rows whose key cannot be taken now: it is due to be deleted, or its receipt is kept. */
  readonly busy: number;
  /** Rows that are wrong: their key, their owner, or what lies at the key. */
  readonly refused: number;
  readonly samples: {
    readonly missing: readonly ImportSample[];
    readonly busy: readonly ImportSample[];
    readonly refused: readonly RefusedSample[];
  };
  /** True where the signal ended it before the last row. */
  readonly aborted: boolean;
}

export interface ImportSample {
  /** Counts from 1, those passed over by `skipRows` included. */
  readonly row: number;
  readonly key: string;
}

export interface RefusedSample extends ImportSample {
  readonly reason: string;
}

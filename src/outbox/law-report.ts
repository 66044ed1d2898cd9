/** The tables of the application in which the owners of references live, by owner type. */
export type OwnerTables = Readonly<Record<string, OwnerTable>>;

export interface OwnerTable {
  /** The table's name, also with its schema: `article` or `blog.article`. Quoted where that is needed, as in SQL. */
  readonly table: string;
  /** The column whose text is the owner's id; of a key of several columns, all of them in the order of the id's parts. */
  readonly idColumn: string | readonly string[];
}

export interface VerifyOptions {
  /** Looks for references whose record is gone as well. The registry's connection must be allowed to read these tables. */
  readonly ownerTables?: OwnerTables | undefined;
  /** Rows in one statement. Default: 1,000. Limits: 1 to 10,000. */
  readonly batchSize?: number | undefined;
  /** Called after each batch with what was checked so far. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface VerifyProgress {
  readonly files: number;
  readonly references: number;
  readonly deletions: number;
  readonly owners: number;
  /** Rows of tracked columns. */
  readonly tracked: number;
  readonly violations: number;
}

/** What `verify` found. */
export interface LawReport {
  readonly checked: VerifyProgress;
  /** The first 1,000; `checked.violations` counts all. */
  readonly violations: readonly LawViolation[];
}

export interface LawViolation {
  /** The number of the law; null for a reference whose record is gone, which no law of the registry can see. */
  readonly law: number | null;
  readonly fileId: string | null;
  readonly problem: string;
}

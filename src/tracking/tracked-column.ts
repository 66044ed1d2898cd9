/** A table by its exact name: `article`, `shop.article`, or its parts where a name has a dot in it. */
export type TableName = string | { readonly schema?: string | undefined; readonly name: string };

/** Which column is meant. */
export interface FileColumn {
  readonly table: TableName;

  /** The exact name of a column of the type `uuid`, `uuid[]` or `jsonb`. */
  readonly column: string;

  /** Where the file ids are in a `jsonb` column, as jsonpath: `$.hero.image`, `$.blocks[*].image`. They are texts. */
  readonly path?: string | undefined;
}

/** What is tracked, and as whose references. */
export interface TrackedFileColumn extends FileColumn {
  /** The slot that the references have. Default: the column's name, and the path behind it: `content.hero.image`. */
  readonly slot?: string | undefined;

  /** The type of owner that the rows are. Default: the table's name. */
  readonly ownerType?: string | undefined;

  /**
   * The columns that identify a row; their texts are the owner's id. A unique index must cover exactly these.
   * Default: the primary key.
   */
  readonly idColumn?: string | readonly string[] | undefined;

  /**
   * Which rows hold their files, as SQL over the columns of one row: `deleted_at is null` lets a soft delete release them and a
   * restore take them back. Whoever may write it here may run code as the owner of the registry. Default: every row.
   */
  readonly where?: string | undefined;

  /**
   * Whether attaching and detaching this slot by hand is refused. Switch it off for as long as instances run that still
   * attach in code. Default: true.
   */
  readonly guarded?: boolean | undefined;
}

/** One reference to a file. */
export interface FileReference {
  readonly type: string;
  readonly id: string;
  readonly slot: string;
  /** By the database's clock. */
  readonly attachedAt: Date;
}

export interface ReferencesOptions {
  /** Answers what comes behind this reference, in the order of type, id and slot: the last of the page before. */
  readonly after?: Pick<FileReference, 'type' | 'id' | 'slot'> | undefined;
  /** At most this many, 1 to 10,000. Default: 1,000. */
  readonly limit?: number | undefined;
}

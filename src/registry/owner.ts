/** Who holds a reference, e.g. `{ type: 'article', id: 42, slot: 'cover' }`. */
export interface Owner extends OwnerRecord {
  /** What the file is to the record; 1 to 255 bytes. A slot may hold several files. */
  readonly slot: string;
}

/** A record of the application, whatever slots it has. */
export interface OwnerRecord {
  /** The kind of record, such as its table's name; 1 to 100 bytes. `file` and `registry:…` are reserved. */
  readonly type: string;
  /** The record's key, written as text: 42, 42n and '42' are the same owner. 1 to 255 bytes. */
  readonly id: string | number | bigint;
}

/** An owner, or all slots of one where `slot` is left out. */
export interface OwnerSelector extends OwnerRecord {
  readonly slot?: string;
}

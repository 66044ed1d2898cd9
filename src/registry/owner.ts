/** Who holds a reference, e.g. `{ type: 'article', id: 42, slot: 'cover' }`. */
export interface Owner extends OwnerRecord {
  /** What the file is to the record; 1 to 255 bytes. A slot may hold several files. */
  readonly slot: string;
}

/** A record of the application, whatever slots it has. */
export interface OwnerRecord {
  /** The kind of record, such as its table's name; 1 to 100 bytes. `file` and `registry:…` are reserved. */
  readonly type: string;
  /**
   * The record's key, written as text: 42, 42n and '42' are the same owner. 1 to 255 bytes.
   *
   * A key of several columns is a list of 1 to 32 parts and becomes the JSON array of their texts without whitespace: `[7, 'a']`
   * is the same owner as the text `["7","a"]`, but no list is the same as a single key, not even a list of one. In SQL that is
   * `'[' || string_agg(to_json(part::text)::text, ',' order by position) || ']'`, or for two columns
   * `'[' || to_json(a::text) || ',' || to_json(b::text) || ']'`.
   */
  readonly id: OwnerId;
}

export type OwnerId = OwnerIdPart | readonly OwnerIdPart[];

/** A date has many texts: pass the one the database holds. A part of a list may be an empty text, a single key may not. */
export type OwnerIdPart = string | number | bigint;

/** An owner, or all slots of one where `slot` is left out. */
export interface OwnerSelector extends OwnerRecord {
  readonly slot?: string;
}

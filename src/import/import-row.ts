import type { OwnerId } from '../registry/owner.js';

/** A row of an application that kept paths: this record's slot holds the object at this key. */
export interface ImportRow {
  /** The path as the application kept it; `mapKey` makes the storage's key of it where they differ. */
  readonly key: string;
  readonly ownerType: string;
  readonly ownerId: OwnerId;
  readonly slot: string;
  /** For people. Default: the last part of the key. */
  readonly filename?: string | null | undefined;
  /** Default: what the storage keeps with the object, else by the file's name. */
  readonly contentType?: string | null | undefined;
}

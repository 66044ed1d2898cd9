import type { StoredFile, StoredFileJson } from './stored-file.js';

/** A file as one of its owners holds it. */
export interface AttachedFile extends StoredFile {
  readonly slot: string;
  /** By the database's clock. */
  readonly attachedAt: Date;
}

/** The same as the schema's functions answer it; `owner` counts from 0 in the list that was asked for. */
export interface AttachedFileJson {
  readonly owner: number;
  readonly slot: string;
  readonly attachedAt: string;
  readonly file: StoredFileJson;
}

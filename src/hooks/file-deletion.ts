/** Why a file went: its last reference was dropped, it was never attached, its original went, or its row was deleted by hand. */
export type DeletionReason = 'detached' | 'stored' | 'original' | 'erased' | 'direct' | (string & {});

/** An owner that held the file before. Those of a rendition have the type `file` and the id of its original. */
export interface LastOwner {
  readonly type: string;
  /** As it was attached; the JSON text of an array where the key has several columns; null once redacted. */
  readonly id: string | null;
  readonly slot: string;
  readonly detachedAt: Date;
}

/** A file whose bytes go. Its row and its references are gone already: `find` knows it no more. */
export interface FileDeletion {
  readonly fileId: string;
  readonly storage: string;
  readonly key: string;
  /** Null where the storage keeps no versions, or where every version of the key goes, as after an upload by a client itself. */
  readonly versionId: string | null;
  readonly filename: string | null;
  /** In bytes. */
  readonly size: number | null;
  readonly reason: DeletionReason;
  /** Oldest first, the last hundred of them; none where the file was never attached. */
  readonly lastOwners: readonly LastOwner[];
  /** This attempt included: 1 where it is the first. */
  readonly attempts: number;
  /** When it ceased to be a file, by the database's clock. */
  readonly condemnedAt: Date;
}

/** A deletion that failed, be it the storage's or that of a hook before it. */
export interface FailedFileDeletion extends FileDeletion {
  readonly error: string;
  /** Whether the storage said that trying again is of no use. */
  readonly permanent: boolean;
  /** False where it is stuck now: it waits for `retryStuck()`. */
  readonly willRetry: boolean;
}

/** What `deletions_of` answers. */
export interface FileDeletionJson extends Omit<FileDeletion, 'condemnedAt' | 'lastOwners'> {
  readonly condemnedAt: string;
  readonly lastOwners: readonly (Omit<LastOwner, 'detachedAt'> & { readonly detachedAt: string })[];
}

/** Frozen as a whole: several hooks are given the same one. */
export function toFileDeletion(json: FileDeletionJson): FileDeletion {
  return Object.freeze({
    ...json,
    condemnedAt: new Date(json.condemnedAt),
    lastOwners: Object.freeze(
      json.lastOwners.map((owner) => Object.freeze({ ...owner, detachedAt: new Date(owner.detachedAt) })),
    ),
  });
}

/** What a reconciliation found, one by one. */
export type ReconcileFinding = OrphanFinding | DanglingFinding | MismatchFinding | ObstacleFinding;

/** Bytes that no row accounts for. */
export interface OrphanFinding {
  readonly kind: 'orphan';
  readonly key: string;
  readonly sizeBytes: number;
  /** How long ago it was last written, by the storage's own clock. */
  readonly ageMs: number;
}

/** A file whose bytes are not there. */
export interface DanglingFinding {
  readonly kind: 'dangling';
  readonly key: string;
  readonly fileId: string;
  readonly versionId: string | null;
  /** What its row says. */
  readonly sizeBytes: number;
}

/** A file under whose key lies something else than was stored. */
export interface MismatchFinding {
  readonly kind: 'mismatch';
  readonly key: string;
  readonly fileId: string;
  readonly versionId: string | null;
  readonly of: 'size' | 'checksum';
  /** What the row says and what the storage has: bytes, or a SHA-256 in hexadecimal. */
  readonly expected: number | string;
  readonly actual: number | string;
  /** What its row says. */
  readonly sizeBytes: number;
}

/** What could not be looked at, or can be no file: a folder without permission, a symbolic link, a name that is no key. */
export interface ObstacleFinding {
  readonly kind: 'obstacle';
  /** As the storage shows it; ends with `/` for a folder. */
  readonly path: string;
  /** To follow the path in a sentence. */
  readonly problem: string;
}

export interface FindingSummary<Finding extends ReconcileFinding> {
  readonly count: number;
  /** The sum of their sizes; for dangling files and mismatches what the rows say. */
  readonly sizeBytes: number;
  /** The first of them; `onFinding` is told of all. */
  readonly samples: readonly Finding[];
}

/** How far a reconciliation has come. */
export interface ReconcileProgress {
  /** Objects listed, but for excluded ones. */
  readonly objects: number;
  /** The sum of their sizes. */
  readonly objectsBytes: number;
  /** Files of the registry compared, but for excluded ones. */
  readonly files: number;
  readonly orphans: number;
  readonly dangling: number;
  readonly mismatches: number;
  readonly obstacles: number;
  readonly adopted: number;
  /** Everything up to this key has been looked at; null before the first. */
  readonly lastKey: string | null;
}

/** What `reconcile` found and did. */
export interface ReconcileReport {
  readonly storage: string;
  readonly fix: false | 'adopt';
  /** Objects listed, but for excluded ones. */
  readonly objects: number;
  /** The sum of their sizes. */
  readonly objectsBytes: number;
  /** Files of the registry compared, but for excluded ones. */
  readonly files: number;
  /** Objects that match an exclude pattern. */
  readonly excluded: number;
  /** Objects that no row accounts for, younger than the minimum age: no orphans yet. */
  readonly young: number;
  /** Files whose bytes were read and compared. */
  readonly checksummed: number;
  readonly orphans: FindingSummary<OrphanFinding>;
  readonly dangling: FindingSummary<DanglingFinding>;
  readonly mismatches: FindingSummary<MismatchFinding>;
  readonly obstacles: FindingSummary<ObstacleFinding>;
  /** Orphans that are files now, each with the intent of a stored file. */
  readonly adopted: number;
  readonly adoptedBytes: number;
  /** Orphans that were looked at again to be adopted, and were none any more. */
  readonly recovered: number;
  /** Orphans beyond `maxAdoptions`, left for the next run. */
  readonly left: number;
  /** Empty folders removed. */
  readonly prunedFolders: number;
  /** Everything up to this key was looked at; null where there was nothing. */
  readonly lastKey: string | null;
}

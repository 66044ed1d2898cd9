import type { Readable } from 'node:stream';

/**
 * A named place for bytes. Implementations hold no state about files: the registry's rows say what exists, a storage only
 * moves bytes. Keys are relative paths with `/` between segments; the registry never hands out a key twice.
 */
export interface FileStorage {
  /**
   * What this storage stands over, e.g. `file:///srv/media`. Two storages of which one's location equals or contains the
   * other's are refused, because each would delete what the other still counts. A host called `*` may be any.
   */
  readonly location: string;

  /** Called once at start: resolves when the storage can be used, rejects with `StorageUnusableError` otherwise. */
  check(): Promise<void>;

  /**
   * Writes the whole content under `key` and resolves when it is durable. Until then nothing is visible under `key`. On
   * failure or abort it removes what it wrote, as far as it can; the registry has it deleted again later in any case.
   */
  write(key: string, content: Readable, options: StorageWriteOptions): Promise<StorageWriteResult>;

  /**
   * Opens an object for reading. `start` and `end` are byte offsets, both inclusive. Rejects with `BytesMissingError` where
   * nothing is there.
   */
  read(object: StorageObject, options?: StorageReadOptions): Promise<Readable>;

  /**
   * What lies under a key now; null where nothing does, also where the version asked for is gone. Rejects where the storage
   * cannot tell, and never takes a missing bucket or an unmounted volume for an absent object.
   */
  stat(object: StorageObject): Promise<StoredObject | null>;

  /**
   * Every object in the order of its key's UTF-8 bytes, which is PostgreSQL's collation "C", in memory that does not grow
   * with their number. The temporary files of uploads are left out. What cannot be listed is told to `onObstacle` and passed
   * over. A listing that fails rejects and never just ends; it goes on from `after`, the last key that was seen.
   */
  list(options?: StorageListOptions): AsyncIterable<ListedObject>;

  /**
   * Deletes many objects and answers for each of them, in any order. An absent object is a success. Resolves only when the
   * deletions are durable. Rejecting means that nothing is known of any of them. Starts no further deletion after `signal`
   * has fired and reports what was not started as a retryable failure.
   */
  delete(
    objects: readonly StorageDeletion[],
    options?: StorageDeleteOptions,
  ): Promise<StorageDeleteOutcome[]>;

  /**
   * Removes what is empty and no object, such as folders, from the bottom upward and never the root, and answers how many; where
   * the storage has such. A write at the same moment succeeds.
   */
  prune?: ((options?: StoragePruneOptions) => Promise<number>) | undefined;

  /** A URL under which anybody can read the object for a while, where the storage has such. */
  url?: ((object: StorageObject, options: StorageUrlOptions) => Promise<string>) | undefined;

  /**
   * What a client needs to write the object itself, without sending its bytes through the application, where the storage has
   * such. Whoever holds it may write the key again until it expires.
   */
  presignWrite?: ((key: string, options: PresignWriteOptions) => Promise<PresignedWrite>) | undefined;
}

export interface StorageObject {
  readonly key: string;
  /** The version to read or delete where the storage keeps versions. */
  readonly versionId?: string | undefined;
}

export interface StorageDeletion extends StorageObject {
  /** The upload may never have finished: its temporary file, or its multipart uploads, must go too. */
  readonly abandoned: boolean;
}

export interface StorageWriteOptions {
  readonly contentType: string;
  readonly signal?: AbortSignal | undefined;
}

export interface StorageWriteResult {
  readonly versionId?: string | undefined;
}

export interface StorageReadOptions {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StorageDeleteOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface StoragePruneOptions {
  /** True for a folder that stays though it is empty, by its path relative to the root, without a `/` at its end. */
  readonly keep?: ((folder: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StorageDeleteOutcome {
  readonly key: string;
  /** Absent means that the object is gone. */
  readonly error?: StorageDeleteError | undefined;
}

export interface StorageDeleteError {
  readonly message: string;
  /** True where trying again without any change makes no sense, e.g. a missing permission. */
  readonly permanent: boolean;
}

/** An object as it lies in a storage. */
export interface StoredObject {
  readonly sizeBytes: number;
  /** The version that lies there, where the storage keeps versions. */
  readonly versionId?: string | undefined;
  /** How long ago it was last written, in milliseconds by the storage's own clock, never below 0. */
  readonly ageMs: number;
  /** The content type the storage keeps with it, if it does. */
  readonly contentType?: string | undefined;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** How long ago it was last written, in milliseconds by the storage's own clock, never below 0. */
  readonly ageMs: number;
  /** Where the storage keeps versions and names them in a listing. */
  readonly versionId?: string | undefined;
}

export interface StorageListOptions {
  /** Only keys strictly behind this one. It need not exist. */
  readonly after?: string | undefined;
  /** Only keys that begin so; not bound to a `/`. */
  readonly prefix?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of what cannot be listed, at its place in the order. */
  readonly onObstacle?: ((obstacle: StorageObstacle) => void) | undefined;
}

export interface StorageObstacle {
  /** Relative to the storage's root; ends with `/` for a folder. Bytes that are no UTF-8 show as U+FFFD. */
  readonly path: string;
  /** To follow the path in a sentence, e.g. `is a symbolic link, which is never followed`. */
  readonly problem: string;
}

export interface StorageUrlOptions {
  readonly expiresInMs: number;
  /** The name under which a browser saves it; makes it an attachment. */
  readonly filename?: string | undefined;
  /** Answered instead of the type the object was written with. */
  readonly contentType?: string | undefined;
}

export interface PresignWriteOptions {
  /** The only content type that is taken. */
  readonly contentType: string;
  /** Enforced by the storage for `post` only; a `put` of any size is taken and has to be looked at with `stat`. */
  readonly maxSizeBytes: number;
  readonly expiresInMs: number;
  /** `put` is one request with the bytes as its body, `post` a form as browsers send it. */
  readonly kind: 'put' | 'post';
}

export interface PresignedWrite {
  readonly method: 'PUT' | 'POST';
  readonly url: string;
  /** To be sent with a `put`, exactly so. */
  readonly headers: Readonly<Record<string, string>>;
  /** The form's fields for a `post`; the file follows them as the last field, called `file`. */
  readonly fields: Readonly<Record<string, string>>;
}

import type { Readable } from 'node:stream';

/**
 * A named place for bytes. Implementations hold no state about files: the registry's rows say what exists, a storage only
 * moves bytes. Keys are relative paths with `/` between segments; the registry never hands out a key twice.
 */
export interface FileStorage {
  /**
   * What this storage stands over, e.g. `file:///srv/media`. Two storages of which one's location equals or contains the
   * other's are refused, because each would delete what the other still counts.
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
   * Deletes many objects and answers for each of them, in any order. An absent object is a success. Resolves only when the
   * deletions are durable. Rejecting means that nothing is known of any of them. Starts no further deletion after `signal`
   * has fired and reports what was not started as a retryable failure.
   */
  delete(
    objects: readonly StorageDeletion[],
    options?: StorageDeleteOptions,
  ): Promise<StorageDeleteOutcome[]>;
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

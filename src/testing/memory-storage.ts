import { randomUUID } from 'node:crypto';
import { addAbortSignal, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BytesMissingError } from '../errors/bytes-missing-error.js';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidRangeError } from '../errors/invalid-range-error.js';
import { StorageRefusedError } from '../errors/storage-refused-error.js';
import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { assertKey } from '../storage/assert-key.js';
import { compareKeys } from '../storage/compare-keys.js';
import { isHiddenKey } from '../storage/is-hidden-key.js';
import type {
  FileStorage,
  ListedObject,
  StorageDeleteOutcome,
  StorageDeletion,
  StoredObject,
  StorageListOptions,
  StorageObject,
  StorageReadOptions,
  StorageWriteOptions,
  StorageWriteResult,
} from '../storage/storage.js';

export interface MemoryStorageOptions {
  /** Default: a location that no other instance has. Give two the same to see them refused. */
  readonly location?: string | undefined;
  /** Bytes it can hold, those of uploads under way included; a write beyond fails as on a full disk. Default: no limit. */
  readonly capacityBytes?: number | undefined;
  /** True to give every object a version id, as a bucket with versioning does. Default false. */
  readonly versioned?: boolean | undefined;
}

interface MemoryObject {
  readonly bytes: Buffer;
  readonly versionId: string | undefined;
  readonly writtenMs: number;
}

interface MemoryUpload {
  readonly chunks: Buffer[];
  sizeBytes: number;
}

const chunkBytes = 64 * 1024;

/**
 * A storage that keeps its bytes in memory and passes the storage contract: for tests, which it makes fast and leaves nothing
 * behind. The bytes are gone with the process, the rows are not: no storage for an application.
 *
 * ```ts
 * const media = memoryStorage();
 * const module = await Test.createTestingModule({
 *   imports: [FileRegistryModule.forRoot({ database, storages: { media }, processor: { enabled: false } })],
 * }).compile();
 * …
 * expect(media.keys()).toEqual([]);
 * ```
 *
 * @throws RangeError for a capacity that is no whole number from 0, InvalidOptionError for an option that there is not.
 */
export function memoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  return new MemoryStorage(options);
}

export class MemoryStorage implements FileStorage {
  readonly location: string;
  readonly #capacityBytes: number;
  readonly #versioned: boolean;
  readonly #objects = new Map<string, MemoryObject>();
  readonly #uploads = new Map<string, MemoryUpload>();
  #passedMs = 0;

  constructor(options: MemoryStorageOptions = {}) {
    refuseUnknownOptions(options, { location: true, capacityBytes: true, versioned: true });
    const { location, capacityBytes = Infinity, versioned = false } = options;
    if (capacityBytes !== Infinity && !(Number.isSafeInteger(capacityBytes) && capacityBytes >= 0)) {
      throw new RangeError(
        `capacityBytes: expected a whole number from 0, received ${String(capacityBytes)}.`,
      );
    }
    this.location = location ?? `memory://${randomUUID()}`;
    this.#capacityBytes = capacityBytes;
    this.#versioned = versioned;
  }

  /** The keys of all objects, sorted. */
  keys(): string[] {
    return [...this.#objects.keys()].sort();
  }

  /** The keys of uploads under way, sorted. */
  uploading(): string[] {
    return [...this.#uploads.keys()].sort();
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  /** The sum of all bytes, those of uploads under way included. */
  get sizeBytes(): number {
    const held = [...this.#objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    return [...this.#uploads.values()].reduce((sum, upload) => sum + upload.sizeBytes, held);
  }

  /** Loses every object behind the registry's back, as a volume that was wiped. */
  clear(): void {
    this.#objects.clear();
  }

  /** Sets the storage's clock forward, so that everything in it is older. */
  passTime(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new RangeError(`ms: expected a number from 0, received ${String(ms)}.`);
    }
    this.#passedMs += ms;
  }

  async check(): Promise<void> {}

  async write(key: string, content: Readable, { signal }: StorageWriteOptions): Promise<StorageWriteResult> {
    // A stream that fails while nobody listens ends the process; its failure is reported below.
    content.on('error', () => undefined);
    try {
      assertKey(key);
      return await this.#upload(key, content, signal);
    } catch (error) {
      content.destroy();
      throw signal?.aborted === true ? signal.reason : error;
    }
  }

  async read(
    { key, versionId }: StorageObject,
    { start, end, signal }: StorageReadOptions = {},
  ): Promise<Readable> {
    signal?.throwIfAborted();
    assertKey(key);
    const object = this.#objects.get(key);
    if (object === undefined || (versionId !== undefined && versionId !== object.versionId)) {
      throw new BytesMissingError(`Nothing lies at '${key}' in ${this.location}. Write it first.`, {
        context: { key, versionId },
      });
    }
    const stream = Readable.from(chunksOf(range(object.bytes, key, start, end)), { objectMode: false });
    return signal === undefined ? stream : addAbortSignal(signal, stream);
  }

  async stat({ key, versionId }: StorageObject): Promise<StoredObject | null> {
    assertKey(key);
    const object = this.#objects.get(key);
    if (object === undefined || (versionId !== undefined && versionId !== object.versionId)) return null;
    return this.#described(object);
  }

  /** Sees the keys that were there at its beginning, but for those that went meanwhile. */
  async *list({ after, prefix = '', signal }: StorageListOptions = {}): AsyncGenerator<ListedObject> {
    const keys = [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix) && !isHiddenKey(key))
      .filter((key) => after === undefined || compareKeys(key, after) > 0)
      .sort(compareKeys);
    for (const key of keys) {
      signal?.throwIfAborted();
      const object = this.#objects.get(key);
      if (object !== undefined) yield { key, ...this.#described(object) };
    }
  }

  async delete(
    objects: readonly StorageDeletion[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<StorageDeleteOutcome[]> {
    return objects.map((object) =>
      signal?.aborted === true
        ? {
            key: object.key,
            error: { message: 'Not started: the deletion was called off.', permanent: false },
          }
        : this.#deleteOne(object),
    );
  }

  async #upload(
    key: string,
    content: Readable,
    signal: AbortSignal | undefined,
  ): Promise<StorageWriteResult> {
    this.#refuseTaken(key);
    const upload: MemoryUpload = { chunks: [], sizeBytes: 0 };
    this.#uploads.set(key, upload);
    try {
      await pipeline(content, this.#sink(key, upload), signal === undefined ? {} : { signal });
      signal?.throwIfAborted();
      this.#refuseAbandoned(key, upload);
      const versionId = this.#versioned ? randomUUID() : undefined;
      this.#objects.set(key, { bytes: Buffer.concat(upload.chunks), versionId, writtenMs: this.#nowMs() });
      return { versionId };
    } finally {
      if (this.#uploads.get(key) === upload) this.#uploads.delete(key);
    }
  }

  #sink(key: string, upload: MemoryUpload): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        // The sum goes over every object, so it is taken only where there is a limit.
        if (this.#capacityBytes < Infinity && this.sizeBytes + chunk.length > this.#capacityBytes) {
          done(
            new StorageUnavailableError(
              `${this.location} is full: it holds ${this.#capacityBytes} bytes. Delete something, then try again.`,
              { context: { key, capacityBytes: this.#capacityBytes } },
            ),
          );
          return;
        }
        upload.chunks.push(Buffer.from(chunk));
        upload.sizeBytes += chunk.length;
        done();
      },
    });
  }

  #nowMs(): number {
    return performance.now() + this.#passedMs;
  }

  #described({ bytes, versionId, writtenMs }: MemoryObject): StoredObject {
    return { sizeBytes: bytes.length, versionId, ageMs: this.#nowMs() - writtenMs };
  }

  #refuseAbandoned(key: string, upload: MemoryUpload): void {
    if (this.#uploads.get(key) === upload) return;
    throw new StorageUnavailableError(
      `The upload of '${key}' was abandoned meanwhile. Start it again under a new key.`,
      { context: { key } },
    );
  }

  #refuseTaken(key: string): void {
    if (!this.#objects.has(key) && !this.#uploads.has(key)) return;
    throw new StorageRefusedError(
      `Something lies at '${key}' in ${this.location} already, and nothing is ever overwritten. Take a new key.`,
      { context: { key } },
    );
  }

  #deleteOne({ key, versionId, abandoned }: StorageDeletion): StorageDeleteOutcome {
    try {
      assertKey(key);
    } catch (error) {
      if (!(error instanceof FileRegistryError)) throw error;
      return { key, error: { message: error.message, permanent: true } };
    }
    if (versionId === undefined || versionId === this.#objects.get(key)?.versionId) this.#objects.delete(key);
    // An upload that is taken away so cannot land any more.
    if (abandoned) this.#uploads.delete(key);
    return { key };
  }
}

/** An end past the last byte means the last byte; a start past it cannot be satisfied. */
function range(bytes: Buffer, key: string, start = 0, end = Infinity): Buffer {
  const valid = Number.isSafeInteger(start) && start >= 0 && (end === Infinity || Number.isSafeInteger(end));
  if (valid && end >= start && (start === 0 || start < bytes.length)) return bytes.subarray(start, end + 1);
  throw new InvalidRangeError(
    `'${key}' has ${bytes.length} bytes, which the range from ${start} to ${end} does not fit. ` +
      'Pass whole numbers with 0 <= start <= end, both inclusive.',
    { context: { key, start, end } },
  );
}

/** Copies, so that a reader who changes what it got changes nothing here. */
function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield Buffer.from(bytes.subarray(start, start + chunkBytes));
  }
}

import type { Readable } from 'node:stream';
import type {
  FileStorage,
  StorageDeleteOptions,
  StorageDeleteOutcome,
  StorageDeletion,
  StorageObject,
  StorageReadOptions,
  StorageWriteOptions,
} from 'nestjs-file-registry';

/** What `delete` does instead; `proceed` deletes for real. */
export type DeleteBehaviour = (
  objects: readonly StorageDeletion[],
  proceed: (objects: readonly StorageDeletion[]) => Promise<StorageDeleteOutcome[]>,
  options: StorageDeleteOptions,
) => Promise<StorageDeleteOutcome[]>;

const deleteForReal: DeleteBehaviour = (objects, proceed) => proceed(objects);

/** A storage that keeps book of what it was asked to delete, and in which a test can provoke faults. */
export class WatchedStorage implements FileStorage {
  /** The keys of each call of `delete`, in the order of the calls. */
  readonly batches: string[][] = [];
  onDelete: DeleteBehaviour = deleteForReal;

  constructor(private readonly inner: FileStorage) {}

  get location(): string {
    return this.inner.location;
  }

  /** All keys it was asked to delete, sorted, repeated where it was asked again. */
  get keys(): string[] {
    return this.batches.flat().toSorted();
  }

  reset(): void {
    this.batches.length = 0;
    this.onDelete = deleteForReal;
  }

  check(): Promise<void> {
    return this.inner.check();
  }

  write(key: string, content: Readable, options: StorageWriteOptions) {
    return this.inner.write(key, content, options);
  }

  read(object: StorageObject, options?: StorageReadOptions): Promise<Readable> {
    return this.inner.read(object, options);
  }

  stat: FileStorage['stat'] = (object) => this.inner.stat(object);
  list: FileStorage['list'] = (options) => this.inner.list(options);

  delete(
    objects: readonly StorageDeletion[],
    options: StorageDeleteOptions = {},
  ): Promise<StorageDeleteOutcome[]> {
    this.batches.push(objects.map(({ key }) => key));
    return this.onDelete(objects, (some) => this.inner.delete(some, options), options);
  }
}

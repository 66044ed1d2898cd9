import { StorageUnusableError } from '../errors/storage-unusable-error.js';
import { compareKeys } from '../storage/compare-keys.js';
import type { FileStorage, ListedObject, StorageObstacle } from '../storage/storage.js';
import { obstaclesHeldMax } from './reconcile-defaults.js';
import { backOff, type RetryOptions } from './retrying.js';

export interface ResumableListingOptions extends RetryOptions {
  readonly after: string | undefined;
  readonly prefix: string;
  readonly pageSize: number;
}

const batchMax = 64;

/**
 * A listing that is taken up behind its last key when it fails. Attempts are counted anew with every object, so that only a
 * listing that makes no way is given up.
 */
export class ResumableListing {
  /** Told of since it was asked for last, but not behind the last object: a listing that failed tells of those again. */
  private waiting: StorageObstacle[] = [];
  private passed: StorageObstacle[] = [];
  private countedOnly = 0;
  private lastKey: string | undefined;

  constructor(
    private readonly storage: FileStorage,
    private readonly options: ResumableListingOptions,
  ) {
    this.lastKey = options.after;
  }

  /**
   * The objects, a few together: taking each through a promise of its own would double the garbage. Never empty.
   *
   * @throws StorageUnusableError where the storage does not list in the order of bytes; what the storage failed with.
   */
  async *batches(): AsyncGenerator<readonly ListedObject[], void, undefined> {
    const { prefix, signal, pageSize } = this.options;
    const size = Math.min(pageSize, batchMax);
    for (let attempt = 1, over = false; !over;) {
      let batch: ListedObject[] = [];
      let failure: { readonly error: unknown } | undefined;
      try {
        const onObstacle = (obstacle: StorageObstacle) => this.note(obstacle);
        for await (const object of this.storage.list({ after: this.lastKey, prefix, signal, onObstacle })) {
          this.requireOrder(object.key);
          if (this.waiting.length > 0) this.pass(object.key);
          this.lastKey = object.key;
          attempt = 1;
          if (batch.push(object) < size) continue;
          yield batch;
          batch = [];
        }
        this.pass(undefined);
        over = true;
      } catch (error) {
        this.waiting = [];
        failure = { error };
      }
      if (batch.length > 0) yield batch;
      if (failure !== undefined) await backOff(this.options, attempt++, failure.error);
    }
  }

  /** The obstacles before the last object, each once, and how many more there were than could be kept. */
  takeObstacles(): { readonly obstacles: readonly StorageObstacle[]; readonly countedOnly: number } {
    const taken = { obstacles: this.passed, countedOnly: this.countedOnly };
    [this.passed, this.countedOnly] = [[], 0];
    return taken;
  }

  private note(obstacle: StorageObstacle): void {
    if (this.waiting.length + this.passed.length < obstaclesHeldMax) this.waiting.push(obstacle);
    else this.countedOnly++;
  }

  /** Obstacles come in about the order of the keys; one that does not waits for those before it. */
  private pass(key: string | undefined): void {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (key !== undefined && compareKeys(first.path, key) >= 0) return;
      this.passed.push(first);
      this.waiting.shift();
    }
  }

  private requireOrder(key: string): void {
    if (this.lastKey === undefined || compareKeys(key, this.lastKey) > 0) return;
    throw new StorageUnusableError(
      `${this.storage.location} lists '${key}' behind '${this.lastKey}', which is not the order of their bytes. ` +
        'Only a storage that lists in that order can be reconciled.',
      { context: { key, lastKey: this.lastKey } },
    );
  }
}

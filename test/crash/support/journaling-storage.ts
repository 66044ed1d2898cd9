import { unlinkSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type FileStorage,
  localStorage,
  type StorageDeleteOptions,
  type StorageDeleteOutcome,
  type StorageDeletion,
  type StorageObject,
  type StorageReadOptions,
  StorageUnavailableError,
  type StorageWriteOptions,
  type StorageWriteResult,
} from 'nestjs-file-registry';
import { AppendOnlyFile } from './append-only-file.js';
import { periods, places } from './arena.js';
import type { LateWork } from './late-hand.js';
import type { LedgerLine } from './ledger.js';
import type { StorageDice } from './storage-dice.js';

/**
 * A local storage that writes every byte operation into the ledger, and misbehaves as its dice say. What is to land late is
 * handed to the late hand, as a service far away would do it whatever becomes of the caller.
 */
export class JournalingStorage implements FileStorage {
  readonly #inner: FileStorage;
  readonly #media: string;
  readonly #limbo: string;
  readonly #ledger: AppendOnlyFile<LedgerLine>;
  #calls = 0;

  constructor(
    folder: string,
    private readonly by: string,
    private readonly dice?: StorageDice,
  ) {
    const { media, limbo, ledger } = places(folder);
    this.#media = media;
    this.#limbo = limbo;
    this.#inner = localStorage({ root: media });
    this.#ledger = new AppendOnlyFile(ledger, by);
  }

  get location(): string {
    return this.#inner.location;
  }

  check(): Promise<void> {
    return this.#inner.check();
  }

  read(object: StorageObject, options?: StorageReadOptions): Promise<Readable> {
    return this.#inner.read(object, options);
  }

  stat: FileStorage['stat'] = (object) => this.#inner.stat(object);
  list: FileStorage['list'] = (options) => this.#inner.list(options);

  async write(key: string, content: Readable, options: StorageWriteOptions): Promise<StorageWriteResult> {
    // While a call waits nobody else listens, and an error that nobody listens to ends the process.
    content.on('error', () => undefined);
    this.#ledger.append({ op: 'write-started', key });
    try {
      return await this.#write(key, content, options);
    } catch (error) {
      this.#ledger.append({ op: 'write-failed', key });
      content.destroy();
      throw error;
    }
  }

  async #write(key: string, content: Readable, options: StorageWriteOptions): Promise<StorageWriteResult> {
    const fault = this.dice?.write();
    if (fault === 'fail') throw away();
    if (fault === 'hang') await this.#pause(100, 600, options.signal);
    if (fault === 'land-late') {
      await this.#later({ op: 'write', key, inMs: this.#between(50, 900) }, await buffer(content));
      throw away();
    }
    // The design reckons with writes that land within two times-to-live after the key was reserved.
    if (ageMs(key) > periods.uploadTtlMs * 1.5) throw away();

    this.#ledger.append({ op: 'write-landing', key });
    const result = await this.#inner.write(key, content, options);
    this.#ledger.append({ op: 'write-landed', key });

    if (fault === 'answer-late') await this.#pause(50, 500);
    if (fault === 'lose-answer') throw away();
    return result;
  }

  async delete(
    objects: readonly StorageDeletion[],
    { signal }: StorageDeleteOptions = {},
  ): Promise<StorageDeleteOutcome[]> {
    const call = `${this.by}:${++this.#calls}`;
    const fault = this.dice?.delete();
    if (fault === 'fail') throw away();
    if (fault === 'hang') await this.#pause(300, 700, signal).catch(() => undefined);
    if (fault === 'slow') await this.#pause(20, 250, signal).catch(() => undefined);

    const outcomes: StorageDeleteOutcome[] = [];
    const removed: StorageDeletion[] = [];
    for (const object of objects) {
      const refusal = signal?.aborted === true ? notStarted : await this.#remove(object, call);
      if (refusal === undefined) removed.push(object);
      else outcomes.push({ key: object.key, error: refusal });
    }
    // For what else belongs to a deletion: temporary files, folders, and that it lasts.
    outcomes.push(...(await this.#inner.delete(removed)));
    for (const { key, abandoned } of objects) {
      const failed = outcomes.some((outcome) => outcome.key === key && outcome.error !== undefined);
      if (failed || fault === 'lose-answer') {
        this.#ledger.append({ op: 'delete-refused', key, call, abandoned });
      }
    }
    if (fault === 'lose-answer') throw away();
    return outcomes;
  }

  async #remove({ key, abandoned }: StorageDeletion, call: string): Promise<StorageDeleteOutcome['error']> {
    const fault = this.dice?.deletionOfKey();
    if (fault !== undefined) {
      if (fault === 'land-late') await this.#later({ op: 'delete', key, inMs: this.#between(50, 600) });
      return { message: `A fault of the dice: ${fault}.`, permanent: fault === 'refuse-for-good' };
    }
    this.#ledger.append({ op: 'delete-started', key, call, abandoned });
    const op = unlinkNow(join(this.#media, key)) ? 'delete-removed' : 'delete-absent';
    this.#ledger.append({ op, key, call, abandoned });
    return undefined;
  }

  async #later(work: LateWork, bytes: Uint8Array = new Uint8Array()): Promise<void> {
    const name = `${this.by}-${++this.#calls}`;
    await writeFile(join(this.#limbo, `${name}.bytes`), bytes);
    await writeFile(join(this.#limbo, `${name}.new`), JSON.stringify(work));
    await rename(join(this.#limbo, `${name}.new`), join(this.#limbo, `${name}.json`));
  }

  #between(min: number, max: number): number {
    return this.dice?.random.between(min, max) ?? 0;
  }

  async #pause(min: number, max: number, signal?: AbortSignal): Promise<void> {
    await pause(this.#between(min, max), undefined, signal === undefined ? {} : { signal });
  }
}

const notStarted = { message: 'Not started: the deletion was called off.', permanent: false };

/** True when there was something. */
export function unlinkNow(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function away(): StorageUnavailableError {
  return new StorageUnavailableError('A fault of the dice: the storage is away.');
}

/** A key contains its file's UUIDv7, which begins with the milliseconds since 1970. */
function ageMs(key: string): number {
  const [head = '', next = ''] = (key.split('/').at(-1) ?? '').split('-');
  return Date.now() - Number.parseInt(head + next, 16);
}

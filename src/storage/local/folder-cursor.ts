import { readEntries, type FolderEntry } from './read-entries.js';

/** How many files are looked at together: enough to keep the threads for file system calls busy. */
const runMax = 64;

/** Walks through one folder in the order of its names. */
export class FolderCursor {
  readonly path: string;
  /** The bytes of the key that all keys inside begin with. */
  readonly keyBytes: string;
  readonly #wanted: (entry: FolderEntry) => boolean;
  readonly #heldMax: number;
  #entries: readonly FolderEntry[] = [];
  #index = 0;
  #complete = false;
  #last: string | undefined;

  constructor(path: string, keyBytes: string, wanted: (entry: FolderEntry) => boolean, heldMax: number) {
    this.path = path;
    this.keyBytes = keyBytes;
    this.#wanted = wanted;
    this.#heldMax = heldMax;
  }

  /** The next entry, or a run of files; empty at the end. Each pass over the folder begins behind the one before, so it ends. */
  async next(): Promise<readonly FolderEntry[]> {
    while (this.#index >= this.#entries.length) {
      if (this.#complete) return [];
      const batch = await readEntries(this.path, this.#wanted, this.#last, this.#heldMax);
      [this.#entries, this.#index, this.#complete] = [batch.entries, 0, batch.complete];
    }
    const run: FolderEntry[] = [];
    for (; this.#index < this.#entries.length && run.length < runMax; this.#index++) {
      const entry = this.#entries[this.#index];
      // A folder that changes while it is read may name an entry twice.
      if (entry === undefined || entry.bytes === this.#last) continue;
      if (entry.kind !== 'file' && run.length > 0) break;
      run.push(entry);
      this.#last = entry.bytes;
      if (entry.kind !== 'file') {
        this.#index++;
        break;
      }
    }
    return run.length > 0 ? run : this.next();
  }
}

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppendOnlyFile } from './append-only-file.js';
import { places } from './arena.js';
import { now } from './clock.js';
import { unlinkNow } from './journaling-storage.js';
import type { LedgerLine } from './ledger.js';

/** A write or a deletion that was reported as failed and takes effect all the same, after a while. */
export interface LateWork {
  readonly op: 'write' | 'delete';
  readonly key: string;
  readonly inMs: number;
}

/** Lets late work land. It lives with whoever runs the play, so that killing a writer or a worker does not stop it. */
export class LateHand {
  readonly #media: string;
  readonly #limbo: string;
  readonly #ledger: AppendOnlyFile<LedgerLine>;
  readonly #dueAt = new Map<string, number>();
  readonly #timer = setInterval(() => this.#look(), 20);
  landed = 0;

  constructor(folder: string) {
    const { media, limbo, ledger } = places(folder);
    this.#media = media;
    this.#limbo = limbo;
    this.#ledger = new AppendOnlyFile(ledger, 'late-hand');
  }

  /** How much has not landed yet. */
  get pending(): number {
    return readdirSync(this.#limbo).filter((name) => name.endsWith('.json')).length;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ledger.close();
  }

  #look(): void {
    for (const name of readdirSync(this.#limbo)) {
      if (!name.endsWith('.json')) continue;
      const path = join(this.#limbo, name);
      const work = JSON.parse(readFileSync(path, 'utf8')) as LateWork;
      const dueAt = this.#dueAt.get(name) ?? now() + work.inMs;
      this.#dueAt.set(name, dueAt);
      if (now() < dueAt) continue;

      const bytes = path.replace(/json$/, 'bytes');
      if (work.op === 'delete') this.#delete(work.key, name);
      else if (!this.#write(work.key, bytes)) continue;
      rmSync(bytes, { force: true });
      rmSync(path);
      this.landed++;
    }
  }

  /** False when somebody removed the empty folder between two system calls of ours: the next look tries again. */
  #write(key: string, bytes: string): boolean {
    const path = join(this.#media, key);
    this.#ledger.append({ op: 'write-landing', key });
    try {
      mkdirSync(dirname(path), { recursive: true });
      renameSync(bytes, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    this.#ledger.append({ op: 'write-landed', key });
    return true;
  }

  #delete(key: string, call: string): void {
    const op = unlinkNow(join(this.#media, key)) ? 'delete-removed' : 'delete-absent';
    this.#ledger.append({ op, key, call, abandoned: true });
  }
}

import { leaseMs } from './arena.js';
import type { LedgerEntry } from './ledger.js';
import type { RecordHistories } from './record-histories.js';

interface Removal {
  readonly key: string;
  readonly fileId: string;
  readonly at: number;
  readonly by: string;
}

/** What the ledger says by itself and together with what writers were told. */
export class LedgerAudit {
  readonly removals: Removal[] = [];
  readonly counts: Partial<Record<LedgerEntry['op'], number>> = {};
  readonly #landings = new Map<string, number>();
  readonly #removed = new Map<string, number>();
  readonly #starts = new Map<string, { call: string; at: number; refused: boolean }>();
  readonly #problems: string[] = [];

  take(entry: LedgerEntry): void {
    const { op, key, at, by } = entry;
    this.counts[op] = (this.counts[op] ?? 0) + 1;
    switch (op) {
      case 'write-landing':
        this.#landings.set(key, (this.#landings.get(key) ?? 0) + 1);
        break;
      case 'delete-removed': {
        this.removals.push({ key, fileId: fileIdOf(key), at, by });
        const times = (this.#removed.get(key) ?? 0) + 1;
        this.#removed.set(key, times);
        if (times > (this.#landings.get(key) ?? 0)) {
          this.#problems.push(
            `a key was deleted twice with an effect: ${key}, ${times} times, last by ${by}`,
          );
        }
        break;
      }
      case 'delete-refused': {
        const start = this.#starts.get(key);
        if (start?.call === entry.call) start.refused = true;
        break;
      }
      case 'delete-started':
        if (!entry.abandoned) this.#start(entry);
    }
  }

  /** Keys whose bytes are gone: none of them may belong to a file. */
  get removedKeys(): string[] {
    return [...this.#removed.keys()];
  }

  problems(histories: RecordHistories): string[] {
    const whileHeld = this.removals.flatMap(({ key, fileId, at, by }) => {
      const holder = histories.holderAt(fileId, at);
      return holder === undefined ? [] : [`bytes were deleted while ${holder} held them: ${key}, by ${by}`];
    });
    return [...this.#problems, ...whileHeld];
  }

  /**
   * A deletion that began under a lease and was not reported as failed is nobody else's before the lease is over. No
   * deletion begins in the last third of a lease, so two of them lie at least that far apart; half of it is asked for, as a
   * process may be kept waiting between looking at its lease and deleting. An upload that its writer gave up is due at
   * once, lease or not.
   */
  #start({ key, call, at }: { key: string; call: string; at: number }): void {
    const before = this.#starts.get(key);
    this.#starts.set(key, { call, at, refused: false });
    if (before === undefined || before.call === call || before.refused) return;

    const apartMs = at - before.at;
    if (apartMs < leaseMs / 6) {
      this.#problems.push(
        `a key was deleted by two at once: ${key}, by ${before.call} and ${apartMs.toFixed(1)} ms later by ${call}`,
      );
    }
  }
}

/** The last segment of a generated key begins with its file's id. */
function fileIdOf(key: string): string {
  return key.split('/').at(-1)?.slice(0, 36) ?? '';
}

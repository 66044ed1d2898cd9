import type { Holding, JournalEntry } from './journal.js';

interface History {
  /** What the record may hold by now: every outcome that no answer has excluded. */
  possible: Holding[];
  /** What it holds in every outcome, and since when. */
  readonly certain: Map<string, number>;
}

interface Certainty {
  readonly owner: string;
  readonly from: number;
  readonly to: number;
}

/**
 * What each record may hold, from what writers saw and were told. A COMMIT without an answer may have happened or not; one
 * that was answered has happened, but only a durable one is sure to outlive a crash, with everything committed before it.
 */
export class RecordHistories {
  readonly problems: string[] = [];
  readonly #histories = new Map<string, History>();
  readonly #transactions = new Map<string, Record<string, Holding>>();
  readonly #ended = new Map<string, Certainty[]>();

  take(entry: JournalEntry): void {
    switch (entry.op) {
      case 'saw':
        this.#check(entry.owner, entry.holding, `${entry.by} saw it`);
        break;
      case 'committing':
        this.#transactions.set(entry.transaction, entry.after);
        for (const [owner, after] of Object.entries(entry.after)) {
          this.#history(owner).possible.push(after);
          this.#weigh(owner, entry.at);
        }
        break;
      case 'committed':
        for (const [owner, after] of Object.entries(this.#transactions.get(entry.transaction) ?? {})) {
          if (entry.durable) this.#history(owner).possible = [after];
          this.#weigh(owner, entry.at);
        }
        break;
      case 'broken':
        this.problems.push(`a verb did something else than it promises: ${entry.problem}`);
    }
  }

  /** Everything calm: `actual` is what each record holds according to the rows. */
  end(actual: ReadonlyMap<string, Holding>): void {
    for (const owner of new Set([...this.#histories.keys(), ...actual.keys()])) {
      this.#check(owner, actual.get(owner) ?? [], 'it was so in the end');
    }
  }

  /** Which record was sure to hold the file at that time, if any. */
  holderAt(fileId: string, at: number): string | undefined {
    const past = this.#ended.get(fileId)?.find(({ from, to }) => from < at && at < to);
    if (past !== undefined) return past.owner;
    for (const [owner, { certain }] of this.#histories) {
      for (const [entry, from] of certain) if (entry.endsWith(fileId) && from < at) return owner;
    }
    return undefined;
  }

  #check(owner: string, holding: Holding, when: string): void {
    const { possible } = this.#history(owner);
    if (possible.some((each) => each.join() === holding.join())) return;
    this.problems.push(
      `a committed reference was lost, or one that was rolled back came: ${owner} holds [${holding}] (${when}), ` +
        `possible is ${possible.map((each) => `[${each}]`).join(' or ')}`,
    );
  }

  #weigh(owner: string, at: number): void {
    const { possible, certain } = this.#history(owner);
    const [first = [], ...others] = possible;
    const now = new Set(first.filter((entry) => others.every((other) => other.includes(entry))));

    for (const [entry, from] of certain) {
      if (now.has(entry)) continue;
      certain.delete(entry);
      const fileId = entry.slice(-36);
      this.#ended.set(fileId, [...(this.#ended.get(fileId) ?? []), { owner, from, to: at }]);
    }
    for (const entry of now) if (!certain.has(entry)) certain.set(entry, at);
  }

  #history(owner: string): History {
    const known = this.#histories.get(owner);
    if (known !== undefined) return known;
    const history: History = { possible: [[]], certain: new Map() };
    this.#histories.set(owner, history);
    return history;
  }
}

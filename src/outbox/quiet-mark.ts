/** What `due_work` answers of deletions and receipts. */
interface Looked {
  readonly storages: readonly string[];
  readonly receipts: boolean;
  readonly seenUntil: string;
}

/**
 * The moment, by the database's clock, up to which this process has seen no deletion due and no receipt to prune. What lies before
 * it is not read again until the next sweep: while a snapshot is held open, a million rows that went take 0.2 s to pass by.
 */
export class QuietMark {
  private seenUntil = '-infinity';

  get value(): string {
    return this.seenUntil;
  }

  note({ storages, receipts, seenUntil }: Looked): void {
    if (storages.length === 0 && !receipts) {
      this.seenUntil = seenUntil;
    }
  }

  /** Forgets it, for what was committed late or by a clock that has been set back since. */
  sweep(): void {
    this.seenUntil = '-infinity';
  }
}

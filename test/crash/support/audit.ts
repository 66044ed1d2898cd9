import type { Pool } from 'pg';
import { assertLaws } from '../../support/assert-laws.js';
import { AppendedLines } from './append-only-file.js';
import { places } from './arena.js';
import type { Holding, JournalLine } from './journal.js';
import { LedgerAudit } from './ledger-audit.js';
import type { LedgerLine } from './ledger.js';
import { RecordHistories } from './record-histories.js';
import { rowsAudit } from './rows-audit.js';

/** Judges rows, bytes, ledger and journal: while everything moves, and in the end. */
export class Audit {
  readonly bytes = new LedgerAudit();
  readonly histories = new RecordHistories();
  readonly counts = { stored: 0, committed: 0, 'rolled-back': 0 };
  readonly errors = new Map<string, number>();
  readonly #stored = new Map<string, string>();
  readonly #ledger: AppendedLines<LedgerLine>;
  readonly #journal: AppendedLines<JournalLine>;

  constructor(
    private readonly admin: Pool,
    private readonly folder: string,
  ) {
    this.#ledger = new AppendedLines(places(folder).ledger);
    this.#journal = new AppendedLines(places(folder).journal);
  }

  close(): void {
    this.#ledger.close();
    this.#journal.close();
  }

  /** What must hold at any moment. */
  async look(): Promise<string[]> {
    this.#read();
    const inRows = await rowsAudit(this.admin, this.bytes.removedKeys).catch(unlessAway);
    return [...inRows, ...this.bytes.problems(this.histories), ...this.histories.problems];
  }

  /** What must hold when nobody is at work and nothing is left to do. */
  async judge(): Promise<string[]> {
    const found = await this.look();
    this.histories.end(await this.#holdings());
    const laws = await assertLaws({ admin: this.admin, storages: { media: places(this.folder).media } }).then(
      () => [],
      (error: unknown) => [String(error)],
    );
    return [
      ...new Set([
        ...found,
        ...this.histories.problems,
        ...laws,
        ...(await this.#left()),
        ...(await this.#mixedUp()),
      ]),
    ];
  }

  #read(): void {
    // In this order: whatever a writer let go before its bytes went is in the journal by then.
    for (const entry of this.#ledger.read()) this.bytes.take(entry);
    for (const entry of this.#journal.read()) {
      this.histories.take(entry);
      if (entry.op === 'error') this.errors.set(entry.message, (this.errors.get(entry.message) ?? 0) + 1);
      if (entry.op === 'stored') this.#stored.set(entry.fileId, entry.sha256);
      if (entry.op in this.counts) this.counts[entry.op as keyof typeof this.counts]++;
    }
  }

  async #holdings(): Promise<Map<string, Holding>> {
    const { rows } = await this.admin.query<{ owner: string; entry: string }>(
      "select owner_id as owner, slot || '/' || file_id as entry from file_registry.file_references",
    );
    const byOwner = Map.groupBy(rows, ({ owner }) => owner);
    return new Map([...byOwner].map(([owner, held]) => [owner, held.map(({ entry }) => entry).toSorted()]));
  }

  async #left(): Promise<string[]> {
    const { rows } = await this.admin.query<{ problem: string }>(`
      select format('an unreferenced file was left: %s, %s', f.id, f.key) as problem
        from file_registry.files f
       where not exists (select from file_registry.file_references r where r.file_id = f.id)
       union all
      select format('an intent was left: %s of file %s', o.reason, o.file_id) from file_registry.deletion_outbox o
       union all
      select format('a deletion was left: %s is %s since %s attempts, last error: %s', d.key, d.state, d.attempts, d.last_error)
        from file_registry.deletions d
       where d.state <> 'deleted'`);
    return rows.map(({ problem }) => problem);
  }

  /** The bytes agree with the row, as the laws say; the row must agree with what the writer had sent. */
  async #mixedUp(): Promise<string[]> {
    const { rows } = await this.admin.query<{ id: string; sha256: string }>(
      "select id, encode(checksum, 'hex') as sha256 from file_registry.files",
    );
    return rows
      .filter(({ id, sha256 }) => this.#stored.has(id) && this.#stored.get(id) !== sha256)
      .map(({ id }) => `a file has other bytes than its writer sent: ${id}`);
  }
}

/** The server may be down just now. Any other answer is a fault of the audit itself. */
function unlessAway(error: unknown): string[] {
  const code = (error as { code?: unknown }).code;
  const away =
    typeof code !== 'string' ||
    /^(08|57)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code);
  if (away) return [];
  throw error;
}

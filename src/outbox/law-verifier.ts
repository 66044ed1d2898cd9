import { type RawBuilder, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import type { Argument } from '../database/call.js';
import { databaseError } from '../database/database-error.js';
import { sqlStateOf } from '../database/sql-state.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { DatabaseFailedError } from '../errors/database-failed-error.js';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import type { LawReport, LawViolation, OwnerTable, VerifyOptions } from './law-report.js';

interface Page<Last> {
  readonly checked: number;
  readonly last: Last | null;
  readonly problems: readonly LawViolation[];
}

interface ReferenceKey {
  readonly type: string;
  readonly id: string;
  readonly slot: string;
  readonly fileId: string;
}

type Counted = 'files' | 'references' | 'deletions';

const nil = '00000000-0000-0000-0000-000000000000';
const batchSizeDefault = 1000;
const batchSizeMax = 10_000;
const violationsMax = 1000;
const integerBits: Readonly<Record<string, number>> = { smallint: 16, integer: 32, bigint: 64 };
const sqlName = String.raw`(?:"(?:[^"\0]|"")+"|[a-z_][a-z0-9_$]*)`;
const columnPattern = new RegExp(`^${sqlName}$`);
const tablePattern = new RegExp(`^${sqlName}(?:\\.${sqlName})?$`);

/**
 * Checks the laws over the data, page by page and read-only. The database enforces them, so what this finds was done by a
 * privileged hand: a restore under session_replication_role = replica, a logical replica, a detached partition.
 */
export class LawVerifier {
  private readonly counts = { files: 0, references: 0, deletions: 0, owners: 0, violations: 0 };
  private readonly violations: LawViolation[] = [];
  private readonly batchSize: number;

  constructor(
    private readonly database: RegistryDatabase,
    private readonly options: VerifyOptions,
  ) {
    this.batchSize = checkBatchSize(options.batchSize ?? batchSizeDefault);
    for (const [type, table] of Object.entries(options.ownerTables ?? {})) {
      checkOwnerTable(type, table);
    }
  }

  async run(): Promise<LawReport> {
    await this.pages<string>('verify_files', 'files', (last) => [['uuid', last ?? nil]]);
    await this.pages<ReferenceKey>('verify_references', 'references', (last) => [
      ['text', last?.type ?? ''],
      ['text', last?.id ?? ''],
      ['text', last?.slot ?? ''],
      ['uuid', last?.fileId ?? nil],
    ]);
    await this.pages<string>('verify_deletions', 'deletions', (last) => [['uuid', last ?? nil]]);
    for (const [type, table] of Object.entries(this.options.ownerTables ?? {})) {
      await this.owners(type, table);
    }
    return { checked: { ...this.counts }, violations: this.violations };
  }

  private async pages<Last>(
    name: string,
    counted: Counted,
    position: (last: Last | null) => readonly Argument[],
  ): Promise<void> {
    let last: Last | null = null;
    do {
      this.options.signal?.throwIfAborted();
      const page: Page<Last> = await this.database.call(name, [
        ...position(last),
        ['integer', this.batchSize],
      ]);
      this.report(page.problems);
      this.progress(counted, page.checked);
      last = page.last;
    } while (last !== null);
  }

  /** The records are read through the registry's connection; the owners' side of the question is the registry's own. */
  private async owners(type: string, table: OwnerTable): Promise<void> {
    for (let after = ''; ;) {
      this.options.signal?.throwIfAborted();
      const ids: readonly string[] = await this.database.call('owners_of_type', [
        ['text', type],
        ['text', after],
        ['integer', this.batchSize],
      ]);
      const present = await this.recordsAmong(ids, table);
      const gone = ids.filter((id) => !present.has(id));
      this.report(
        gone.map((id) => ({
          law: null,
          fileId: null,
          problem: `the owner ${type}/${id} has references but no row in ${table.table}; detachAll() it`,
        })),
      );
      this.progress('owners', ids.length);
      if (ids.length < this.batchSize) {
        return;
      }
      after = ids.at(-1) ?? after;
    }
  }

  /** Compares as the column's type does, which knows that 'A0…' and 'a0…' are one UUID, and which lets its index be used. */
  private async recordsAmong(ids: readonly string[], { table, idColumn }: OwnerTable): Promise<Set<string>> {
    if (ids.length === 0) {
      return new Set();
    }
    try {
      const type = await this.typeOf(table, idColumn);
      const possible = ids.filter((id) => mayBe(type, id));
      return await this.present(possible, table, sql.raw(`r.${idColumn} = w.id::${type}`)).catch(
        (error: unknown) => {
          if (sqlStateOf(error)?.startsWith('22') !== true) {
            throw error;
          }
          // Some owner's id is none of that type, so it has no record; which one it is, the comparison as text says.
          return this.present(possible, table, sql.raw(`r.${idColumn}::text = w.id`));
        },
      );
    } catch (error) {
      throw unreadable(error, table);
    }
  }

  /** Row-level security would hide records, and their owners would look gone: switched off, it is an error instead. */
  private async present(
    ids: readonly string[],
    table: string,
    condition: RawBuilder<unknown>,
  ): Promise<Set<string>> {
    return this.database.kysely
      .withoutPlugins()
      .transaction()
      .execute(async (trx) => {
        await sql`select set_config('row_security', 'off', true)`.execute(trx);
        const { rows } = await sql<{ id: string }>`
          select w.id
            from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb) as w(id)
           where exists (select from ${sql.raw(table)} r where ${condition})
        `.execute(trx);
        return new Set(rows.map((row) => row.id));
      });
  }

  private async typeOf(table: string, idColumn: string): Promise<string> {
    const { rows } = await sql<{ type: string }>`
      select pg_typeof(t.id)::text as type
        from (select (select ${sql.raw(`r.${idColumn}`)} from ${sql.raw(table)} r limit 0) as id) t
    `.execute(this.database.kysely.withoutPlugins());
    return rows[0]?.type ?? 'text';
  }

  private report(problems: readonly LawViolation[]): void {
    this.counts.violations += problems.length;
    this.violations.push(...problems.slice(0, violationsMax - this.violations.length));
  }

  private progress(counted: Counted | 'owners', checked: number): void {
    this.counts[counted] += checked;
    this.options.onProgress?.({ ...this.counts });
  }
}

function checkBatchSize(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= batchSizeMax) {
    return value;
  }
  throw new InvalidOptionError(
    `batchSize: expected a whole number from 1 to ${batchSizeMax}, received ${String(value)}.`,
    { context: { option: 'batchSize', value } },
  );
}

/** Both go into a statement as they are, so nothing but names may pass. */
function checkOwnerTable(type: string, owner: OwnerTable | null): void {
  const { table, idColumn }: Partial<OwnerTable> = owner ?? {};
  requireName(type, 'a table', table, tablePattern);
  requireName(type, 'a column', idColumn, columnPattern);
}

function requireName(type: string, what: string, value: unknown, pattern: RegExp): void {
  if (typeof value !== 'string' || !pattern.test(value)) {
    throw new InvalidOptionError(
      `ownerTables.${type}: expected the name of ${what} as SQL writes it, such as article or "Article", received ${JSON.stringify(value)}.`,
      { context: { option: `ownerTables.${type}`, value } },
    );
  }
}

/** What is none of these and is asked for all the same would make the page be compared as text, without the index. */
function mayBe(type: string, id: string): boolean {
  if (type === 'uuid') {
    return isUuid(id);
  }
  const bits = integerBits[type];
  return bits === undefined || (/^[+-]?\d{1,19}$/.test(id) && BigInt.asIntN(bits, BigInt(id)) === BigInt(id));
}

function unreadable(cause: unknown, table: string): FileRegistryError {
  if (sqlStateOf(cause) !== '42501') {
    return databaseError(cause, `reading ${table}`);
  }
  return new DatabaseFailedError(
    `The registry's role may not read all of ${table}. Grant it SELECT; where the table has row-level security, run verify with a role that has BYPASSRLS.`,
    { cause, context: { table } },
  );
}

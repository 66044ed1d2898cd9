import { type RawBuilder, sql } from 'kysely';
import type { Argument } from '../database/call.js';
import { databaseError } from '../database/database-error.js';
import { sqlStateOf } from '../database/sql-state.js';
import type { RegistryDatabase } from '../database/registry-database.js';
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
const namePattern = /^(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)(?:\.(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*))?$/;

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

  private async recordsAmong(ids: readonly string[], { table, idColumn }: OwnerTable): Promise<Set<string>> {
    if (ids.length === 0) {
      return new Set();
    }
    const read = async (condition: RawBuilder<unknown>): Promise<Set<string>> => {
      const { rows } = await sql<{ id: string }>`
        select ${sql.raw(idColumn)}::text as id from ${sql.raw(table)} where ${condition}
      `.execute(this.database.kysely);
      return new Set(rows.map((row) => row.id));
    };
    const wanted = sql`array(select jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb))`;
    try {
      // With the column's own type its index can be used.
      const type = await this.typeOf(table, idColumn);
      return await read(sql`${sql.raw(idColumn)} = any(${wanted}::${sql.raw(type)}[])`).catch(
        (error: unknown) => {
          if (sqlStateOf(error)?.startsWith('22') !== true) {
            throw error;
          }
          // Some owner's id is none of that type, so it has no record; which one it is, the comparison as text says.
          return read(sql`${sql.raw(idColumn)}::text = any(${wanted})`);
        },
      );
    } catch (error) {
      throw databaseError(error, `reading ${table}`);
    }
  }

  private async typeOf(table: string, idColumn: string): Promise<string> {
    const { rows } = await sql<{ type: string }>`
      select pg_typeof(t.id)::text as type
        from (select (select ${sql.raw(idColumn)} from ${sql.raw(table)} limit 0) as id) t
    `.execute(this.database.kysely);
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
function checkOwnerTable(type: string, { table, idColumn }: OwnerTable): void {
  for (const name of [table, idColumn]) {
    if (typeof name !== 'string' || !namePattern.test(name)) {
      throw new InvalidOptionError(
        `ownerTables.${type}: expected the names of a table and a column as SQL writes them, received ${JSON.stringify(name)}.`,
        { context: { option: `ownerTables.${type}`, value: name } },
      );
    }
  }
}

import { sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import type { Argument } from '../database/call.js';
import { databaseError } from '../database/database-error.js';
import { sqlStateOf } from '../database/sql-state.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { DatabaseFailedError } from '../errors/database-failed-error.js';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import { ownerIdParts, ownerIdPartsMax } from '../registry/owner-id-text.js';
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

/** An owner's id with what each column of its record's key would be. */
interface OwnerKey {
  readonly id: string;
  readonly parts: readonly string[];
}

type Counted = 'files' | 'references' | 'deletions' | 'owners' | 'tracked';

/** A tracked column as `list_tracked_columns` answers it, as far as it matters here. */
interface Tracked {
  readonly id: number;
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly state: string;
}

/** What is the matter with a tracked column in a state of these. */
const wrongStates: Readonly<Record<string, string>> = {
  gone: 'the table is gone',
  renamed: 'the table or one of its columns is called otherwise now',
  disabled: 'the table is without its triggers',
  unlogged: 'a crash would empty the table',
};

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
  private readonly counts = { files: 0, references: 0, deletions: 0, owners: 0, tracked: 0, violations: 0 };
  private readonly violations: LawViolation[] = [];
  private readonly batchSize: number;

  constructor(
    private readonly database: RegistryDatabase,
    private readonly options: VerifyOptions,
  ) {
    refuseUnknownOptions(options, { ownerTables: true, batchSize: true, onProgress: true, signal: true });
    this.batchSize = wholeNumber('batchSize', options.batchSize ?? batchSizeDefault, [1, batchSizeMax]);
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
    for (const tracked of await this.database.call<readonly Tracked[]>('list_tracked_columns', [])) {
      await this.trackedColumn(tracked);
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

  /** Rows that are not taken in yet may lack references; the others and their references must be equal, both ways. */
  private async trackedColumn({ id, schema, table, column, state }: Tracked): Promise<void> {
    const wrong = wrongStates[state];
    if (wrong !== undefined) {
      const problem = `the column ${schema}.${table}.${column} is tracked, but ${wrong}; see trackedColumns()`;
      this.report([{ law: null, fileId: null, problem }]);
    }
    if (state === 'tracking' || state === 'disabled' || state === 'unlogged') {
      await this.pages<readonly string[]>('verify_tracked_rows', 'tracked', (last) => [
        ['integer', id],
        ['jsonb', last === null ? null : JSON.stringify(last)],
      ]);
    }
    if (state === 'tracking' || state === 'disabled' || state === 'unlogged' || state === 'takingIn') {
      await this.pages<string>('verify_tracked_owners', 'owners', (last) => [
        ['integer', id],
        ['text', last ?? ''],
      ]);
    }
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
    const columns = typeof idColumn === 'string' ? [idColumn] : idColumn;
    const keys = ids.flatMap((id): OwnerKey[] => {
      const parts = typeof idColumn === 'string' ? [id] : ownerIdParts(id, columns.length);
      return parts === undefined ? [] : [{ id, parts }];
    });
    try {
      const types = await this.typesOf(table, columns);
      const possible = keys.filter(({ parts }) => parts.every((part, index) => mayBe(types[index], part)));
      const asTyped = columns.map((column, index) => `r.${column} = (w.parts ->> ${index})::${types[index]}`);
      return await this.present(possible, table, asTyped).catch((error: unknown) => {
        if (sqlStateOf(error)?.startsWith('22') !== true) {
          throw error;
        }
        // Some owner's id is none of that type, so it has no record; which one it is, the comparison as text says.
        const asText = columns.map((column, index) => `r.${column}::text = w.parts ->> ${index}`);
        return this.present(possible, table, asText);
      });
    } catch (error) {
      throw unreadable(error, table);
    }
  }

  /** Row-level security would hide records, and their owners would look gone: switched off, it is an error instead. */
  private async present(
    keys: readonly OwnerKey[],
    table: string,
    conditions: readonly string[],
  ): Promise<Set<string>> {
    return this.database.kysely
      .withoutPlugins()
      .transaction()
      .execute(async (trx) => {
        await sql`select set_config('row_security', 'off', true)`.execute(trx);
        const { rows } = await sql<{ id: string }>`
          select w.id
            from jsonb_to_recordset(${JSON.stringify(keys)}::text::jsonb) as w(id text, parts jsonb)
           where exists (select from ${sql.raw(table)} r where ${sql.raw(conditions.join(' and '))})
        `.execute(trx);
        return new Set(rows.map((row) => row.id));
      });
  }

  private async typesOf(table: string, columns: readonly string[]): Promise<readonly string[]> {
    const types = columns.map((column) => `pg_typeof((select r.${column} from ${table} r limit 0))::text`);
    const { rows } = await sql<{ types: readonly string[] }>`
      select json_build_array(${sql.raw(types.join(', '))}) as types
    `.execute(this.database.kysely.withoutPlugins());
    return rows[0]?.types ?? [];
  }

  private report(problems: readonly LawViolation[]): void {
    this.counts.violations += problems.length;
    this.violations.push(...problems.slice(0, violationsMax - this.violations.length));
  }

  private progress(counted: Counted, checked: number): void {
    this.counts[counted] += checked;
    this.options.onProgress?.({ ...this.counts });
  }
}

/** Both go into a statement as they are, so nothing but names may pass. */
function checkOwnerTable(type: string, owner: OwnerTable | null): void {
  const { table, idColumn }: Partial<OwnerTable> = owner ?? {};
  requireName(type, 'a table', table, tablePattern);
  if (!Array.isArray(idColumn)) {
    requireName(type, 'a column', idColumn, columnPattern);
    return;
  }
  if (idColumn.length === 0 || idColumn.length > ownerIdPartsMax) {
    throw new InvalidOptionError(
      `ownerTables.${type}: expected 1 to ${ownerIdPartsMax} columns, received ${idColumn.length}.`,
      { context: { option: `ownerTables.${type}`, value: idColumn } },
    );
  }
  for (const column of Array.from<unknown>(idColumn)) {
    requireName(type, 'a column', column, columnPattern);
  }
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
function mayBe(type: string | undefined, id: string): boolean {
  if (type === 'uuid') {
    return isUuid(id);
  }
  const bits = integerBits[type ?? ''];
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

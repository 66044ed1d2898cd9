import { inspect } from 'node:util';
import type { Argument } from '../database/call.js';
import { isStorableText } from '../database/is-storable-text.js';
import { quoteIdentifier } from '../database/quote-identifier.js';
import { InvalidTrackedColumnError } from '../errors/invalid-tracked-column-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { FileColumn, TableName, TrackedFileColumn } from './tracked-column.js';

/** Of `untrackFileColumn` as well, so that both take the same object. */
export const trackedFileColumnNames = {
  table: true,
  column: true,
  path: true,
  slot: true,
  ownerType: true,
  idColumn: true,
  where: true,
  guarded: true,
} as const satisfies Record<keyof TrackedFileColumn, true>;

export interface TableParts {
  readonly schema: string | undefined;
  readonly name: string;
}

/** PostgreSQL cuts longer names silently. */
const nameMaxBytes = 63;
const pathMaxBytes = 1000;
const whereMaxBytes = 10_000;
const ownerTypeMaxBytes = 100;
const slotMaxBytes = 255;
const idColumnsMax = 32;

/** @throws InvalidTrackedColumnError */
export function checkTable(table: TableName): TableParts {
  if (typeof table === 'object' && table !== null) {
    refuseUnknownOptions(table, { schema: true, name: true }, 'table.');
    return {
      schema: table.schema === undefined ? undefined : text('table.schema', table.schema, nameMaxBytes),
      name: text('table.name', table.name, nameMaxBytes),
    };
  }
  const [first = '', second, ...others] = text('table', table, 2 * nameMaxBytes + 1).split('.');
  if (others.length > 0) {
    throw refuse(
      'table',
      "the table's name, or 'schema.table'; where a name has a dot, { schema, name }",
      table,
    );
  }
  return second === undefined
    ? { schema: undefined, name: text('table', first, nameMaxBytes) }
    : { schema: text('table', first, nameMaxBytes), name: text('table', second, nameMaxBytes) };
}

/** @throws InvalidTrackedColumnError */
export function checkColumn(column: FileColumn): { table: TableParts; column: string; path: string | null } {
  if (typeof column !== 'object' || column === null) {
    throw refuse('column', '{ table, column, … }', column);
  }
  return {
    table: checkTable(column.table),
    column: text('column', column.column, nameMaxBytes),
    path: optional('path', column.path, pathMaxBytes),
  };
}

/** The arguments of `track_column`, checked as far as it can be done without the database. @throws InvalidTrackedColumnError */
export function trackArguments(tracked: TrackedFileColumn): readonly Argument[] {
  const { table, column, path } = checkColumn(tracked);
  if (tracked.guarded !== undefined && typeof tracked.guarded !== 'boolean') {
    throw refuse('guarded', 'true or false', tracked.guarded);
  }
  return [
    ['regclass', quoteTable(table)],
    ['text', column],
    ['text', path],
    ['text', optional('slot', tracked.slot, slotMaxBytes)],
    ['text', optional('ownerType', tracked.ownerType, ownerTypeMaxBytes)],
    ['text[]', idColumns(tracked.idColumn)],
    ['text', optional('where', tracked.where, whereMaxBytes)],
    ['boolean', String(tracked.guarded ?? true)],
  ];
}

export function quoteTable({ schema, name }: TableParts): string {
  return (schema === undefined ? '' : `${quoteIdentifier(schema)}.`) + quoteIdentifier(name);
}

/** As PostgreSQL writes an array of texts. */
function idColumns(value: TrackedFileColumn['idColumn']): string | null {
  if (value === undefined) {
    return null;
  }
  const names = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(names) || names.length === 0 || names.length > idColumnsMax) {
    throw refuse('idColumn', `the name of a column, or 1 to ${idColumnsMax} names`, value);
  }
  if (new Set(names).size < names.length) {
    throw refuse('idColumn', 'names that differ', value);
  }
  const quoted = names.map((name) =>
    text('idColumn', name, nameMaxBytes).replaceAll(/["\\]/g, String.raw`\$&`),
  );
  return `{${quoted.map((name) => `"${name}"`).join(',')}}`;
}

function optional(option: string, value: unknown, maxBytes: number): string | null {
  return value === undefined ? null : text(option, value, maxBytes);
}

function text(option: string, value: unknown, maxBytes: number): string {
  if (!isStorableText(value, maxBytes)) {
    throw refuse(option, `a text of 1 to ${maxBytes} bytes`, value);
  }
  return value;
}

function refuse(option: string, expected: string, value: unknown): InvalidTrackedColumnError {
  return new InvalidTrackedColumnError(
    `${option}: expected ${expected}, received ${inspect(value, { depth: 1 })}.`,
    { context: { option, value } },
  );
}

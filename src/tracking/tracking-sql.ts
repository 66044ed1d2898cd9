import type { Argument } from '../database/call.js';
import { quoteIdentifier } from '../database/quote-identifier.js';
import { checkSchemaName, defaultSchema } from '../database/schema-name.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { checkColumn, trackArguments, trackedFileColumnNames } from './check-tracked-column.js';
import type { FileColumn, TrackedFileColumn } from './tracked-column.js';

/**
 * `trackFileColumn` as SQL for a migration of another tool: begins tracking and takes in the rows that are there, in one
 * transaction, which writers of the table wait for: for a large one call `trackFileColumn` in a script instead.
 *
 * ```ts
 * await queryRunner.query(trackFileColumnSql({ table: 'article', column: 'cover_id' }));
 * ```
 *
 * @throws InvalidTrackedColumnError
 */
export function trackFileColumnSql(
  options: TrackedFileColumn & { readonly registrySchema?: string | undefined },
): string {
  const args = trackArguments(options).map(literal).join(', ');
  refuseUnknownOptions(options, { ...trackedFileColumnNames, registrySchema: true });
  const schema = quoteIdentifier(checkSchemaName(options.registrySchema ?? defaultSchema));
  const tracked = `(${schema}.track_column(${args}) ->> 'id')::integer`;
  return `select ${schema}.take_in_rows(t.id, 2147483647, false) from (select ${tracked} as id) t;\n`;
}

/**
 * `untrackFileColumn` as SQL. The references stay.
 *
 * @throws InvalidTrackedColumnError
 */
export function untrackFileColumnSql(
  options: FileColumn & { readonly registrySchema?: string | undefined },
): string {
  const { table, column, path } = checkColumn(options);
  refuseUnknownOptions(options, { ...trackedFileColumnNames, registrySchema: true });
  const schema = quoteIdentifier(checkSchemaName(options.registrySchema ?? defaultSchema));
  const conditions = [
    `t.table_name = ${literal(['name', table.name])}`,
    ...(table.schema === undefined ? [] : [`t.table_schema = ${literal(['name', table.schema])}`]),
    `t.column_name = ${literal(['name', column])}`,
    `t.path is not distinct from ${literal(['text', path])}`,
  ];
  // As a subquery, so that two columns of one name are an error, and none is one too.
  return `select ${schema}.untrack_column((select t.id from ${schema}.tracked_columns t where ${conditions.join(' and ')}), false);\n`;
}

/** Escaped so that it means the same whatever standard_conforming_strings says. */
function literal([type, value]: Argument): string {
  if (value === null) {
    return `null::${type}`;
  }
  const text = String(value).replaceAll("'", "''");
  return text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\')}'::${type}` : `'${text}'::${type}`;
}

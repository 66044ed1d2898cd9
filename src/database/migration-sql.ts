import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { MigrateOptions } from './migrate.js';
import { migrationBooks, migrationLockTable, migrationTable } from './migration-books.js';
import { readMigrations } from './migrations.js';
import { quoteIdentifier } from './quote-identifier.js';
import { checkSchemaName, defaultSchema } from './schema-name.js';

/**
 * Everything `migrate` does on an empty database, as one SQL text for another migration tool. It keeps the same books, so
 * that a later `migrate` continues from there. Run it in one transaction.
 */
export async function migrationSql(options: MigrateOptions = {}): Promise<string> {
  refuseUnknownOptions(options, { schema: true });
  const schema = checkSchemaName(options.schema ?? defaultSchema);
  const quoted = quoteIdentifier(schema);
  const books = migrationBooks(schema);
  const migrations = await readMigrations(schema);
  return [
    books.schema,
    ...books.tables,
    `insert into ${quoted}.${migrationLockTable} (id) values ('migration_lock');`,
    ...migrations.flatMap(({ name, sql }) => [
      `-- ${name}`,
      sql,
      `insert into ${quoted}.${migrationTable} (name, "timestamp")`,
      `values ('${name}', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));`,
    ]),
    '',
  ].join('\n');
}

import type { MigrateOptions } from './migrate.js';
import { migrationLockTable, migrationTable, readMigrations } from './migrations.js';
import { quoteIdentifier } from './quote-identifier.js';
import { checkSchemaName, defaultSchema } from './schema-name.js';

/**
 * Everything `migrate` does on an empty database, as one SQL text for another migration tool. It keeps the same books, so
 * that a later `migrate` continues from there. Run it in one transaction.
 */
export async function migrationSql(options: MigrateOptions = {}): Promise<string> {
  const schema = checkSchemaName(options.schema ?? defaultSchema);
  const quoted = quoteIdentifier(schema);
  const migrations = await readMigrations(schema);
  return [
    `create schema if not exists ${quoted};`,
    `create table ${quoted}.${migrationTable} (name varchar(255) primary key, "timestamp" varchar(255) not null);`,
    `create table ${quoted}.${migrationLockTable} (id varchar(255) primary key, is_locked integer not null default 0);`,
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

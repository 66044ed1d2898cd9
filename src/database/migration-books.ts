import type { Executor } from './executor.js';
import { quoteIdentifier } from './quote-identifier.js';

/** Where Kysely's Migrator keeps its books, inside the registry's own schema. */
export const migrationTable = 'migrations';
export const migrationLockTable = 'migrations_lock';

/** The schema and the tables of the books as Kysely's Migrator would make them. */
export function migrationBooks(schema: string): {
  readonly schema: string;
  readonly tables: readonly string[];
} {
  const quoted = quoteIdentifier(schema);
  return {
    schema: `create schema if not exists ${quoted};`,
    tables: [
      `create table ${quoted}.${migrationTable} (name varchar(255) primary key, "timestamp" varchar(255) not null);`,
      `create table ${quoted}.${migrationLockTable} (id varchar(255) primary key, is_locked integer not null default 0);`,
    ],
  };
}

/**
 * Makes what is missing of them. The Migrator asks again after a statement of its own that failed, which in a transaction hides
 * why it failed, such as a privilege that is missing.
 */
export async function createMigrationBooks(executor: Executor, schema: string): Promise<void> {
  const books = migrationBooks(schema);
  const [found] = await executor.query(
    `select exists (select from pg_namespace where nspname = $1) as schema,
            exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                     where n.nspname = $1 and c.relname = $2) as tables`,
    [schema, migrationTable],
  );
  if (found?.['schema'] !== true) {
    await executor.query(books.schema, []);
  }
  if (found?.['tables'] !== true) {
    for (const table of books.tables) {
      await executor.query(table, []);
    }
  }
}

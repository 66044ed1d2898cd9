import { Migrator } from 'kysely/migration';
import { kyselyExecutor } from './kysely-executor.js';
import { MigrationFailedError } from '../errors/migration-failed-error.js';
import type { AnyKysely } from './any-kysely.js';
import { type DatabaseHandle, toKysely } from './database-handle.js';
import { migrationLockTable, migrationTable, readMigrations } from './migrations.js';
import { readSchemaVersion } from './schema-version.js';
import { checkSchemaName, defaultSchema } from './schema-name.js';

export interface MigrateOptions {
  /** The registry's schema; any name PostgreSQL accepts. Default: `file_registry`. */
  readonly schema?: string;
}

export interface MigrateResult {
  /** The migrations that this call applied, in order; empty when there was nothing to do. */
  readonly applied: readonly string[];
}

/**
 * Creates the registry's schema or brings it up to date. All pending migrations run in one transaction of their own, under
 * Kysely's advisory lock, so that any number of instances may call it at once. Calling it again does nothing; a schema that
 * is newer than this package is left alone.
 *
 * Needs CREATE on the database, or on the schema where that exists. Inside a migration of the application use `up` instead:
 * this function would wait for the application's migrator for ever.
 *
 * @throws MigrationFailedError with PostgreSQL's error as `cause`; nothing is applied.
 */
export async function migrate(
  database: DatabaseHandle,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  return runMigrations(toKysely(database), checkSchemaName(options.schema ?? defaultSchema));
}

/**
 * The same inside a migration of the application's own: `db` is what Kysely handed to the migration, and everything happens
 * in its transaction.
 *
 * @throws MigrationFailedError with PostgreSQL's error as `cause`.
 */
export async function up(db: AnyKysely, options: MigrateOptions = {}): Promise<void> {
  await runMigrations(db.withoutPlugins(), checkSchemaName(options.schema ?? defaultSchema));
}

async function runMigrations(db: AnyKysely, schema: string): Promise<MigrateResult> {
  const migrations = await readMigrations(schema);
  const newest = migrations.at(-1)?.name ?? '';
  const migrator = new Migrator({
    db,
    migrationTableSchema: schema,
    migrationTableName: migrationTable,
    migrationLockTableName: migrationLockTable,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(
          migrations.map(({ name, sql }) => [
            name,
            { up: async (db: AnyKysely) => void (await kyselyExecutor(db).query(sql, [])) },
          ]),
        ),
    },
  });

  const { error, results = [] } = await migrator.migrateToLatest();
  if (error === undefined) {
    return { applied: results.map((result) => result.migrationName) };
  }
  // Kysely calls a schema that is ahead corrupt; an old instance beside a new one during a deployment is not.
  const version = db.isTransaction
    ? undefined
    : await readSchemaVersion(kyselyExecutor(db), schema).catch(() => undefined);
  if (version !== undefined && version > newest) {
    return { applied: [] };
  }
  const failed = results.find((result) => result.status === 'Error')?.migrationName;
  throw new MigrationFailedError(
    `The registry's schema ${JSON.stringify(schema)} could not be migrated${failed ? ` (${failed})` : ''}: ${messageOf(error)}. ` +
      'Nothing was applied; mend the cause and run it again.',
    { cause: error, context: { schema, migration: failed } },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

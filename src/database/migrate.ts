import { Migrator } from 'kysely/migration';
import { DatabaseUnavailableError } from '../errors/database-unavailable-error.js';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { MigrationFailedError } from '../errors/migration-failed-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { AnyKysely } from './any-kysely.js';
import { databaseError } from './database-error.js';
import { type DatabaseHandle, toKysely } from './database-handle.js';
import { kyselyExecutor } from './kysely-executor.js';
import { createMigrationBooks, migrationLockTable, migrationTable } from './migration-books.js';
import { readMigrations, type RegistryMigration } from './migrations.js';
import { readSchemaVersion } from './schema-version.js';
import { checkSchemaName, defaultSchema } from './schema-name.js';
import { sqlStateOf } from './sql-state.js';

/**
 * The advisory lock that Kysely's Migrator takes. `migrate` takes it before the Migrator creates the schema and its books, so
 * that these are created once and roll back with the rest.
 */
const migratorLock = '3853314791062309107';

export interface MigrateOptions {
  /** The registry's schema; any name PostgreSQL accepts. Default: `file_registry`. */
  readonly schema?: string | undefined;
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
 * @throws MigrationFailedError with PostgreSQL's error as `cause`, nothing is applied; DatabaseUnavailableError.
 */
export async function migrate(
  database: DatabaseHandle,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  refuseUnknownOptions(options, { schema: true });
  const db = toKysely(database);
  const schema = checkSchemaName(options.schema ?? defaultSchema);
  const migrations = await readMigrations(schema);
  if (db.isTransaction) {
    return runMigrations(db, schema, migrations);
  }
  // READ COMMITTED whatever the default is: who waited for the lock must see what was migrated meanwhile.
  return db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (transaction) => {
      await kyselyExecutor(transaction).query(`select pg_advisory_xact_lock(${migratorLock})`, []);
      return runMigrations(transaction, schema, migrations);
    })
    .catch((error: unknown) => {
      throw migrationError(error, schema);
    });
}

/**
 * The same inside a migration of the application's own: `db` is what Kysely handed to the migration, and everything happens
 * in its transaction.
 *
 * @throws MigrationFailedError with PostgreSQL's error as `cause`.
 */
export async function up(db: AnyKysely, options: MigrateOptions = {}): Promise<void> {
  refuseUnknownOptions(options, { schema: true });
  const schema = checkSchemaName(options.schema ?? defaultSchema);
  const migrations = await readMigrations(schema);
  try {
    await runMigrations(db.withoutPlugins(), schema, migrations);
  } catch (error) {
    throw migrationError(error, schema);
  }
}

async function runMigrations(
  db: AnyKysely,
  schema: string,
  migrations: readonly RegistryMigration[],
): Promise<MigrateResult> {
  const newest = migrations.at(-1)?.name ?? '';
  await createMigrationBooks(kyselyExecutor(db), schema);
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
            { up: (transaction: AnyKysely) => apply(transaction, sql) },
          ]),
        ),
    },
  });

  const { error, results = [] } = await migrator.migrateToLatest();
  if (error === undefined) {
    return { applied: results.map((result) => result.migrationName) };
  }
  const failed = results.find((result) => result.status === 'Error')?.migrationName;
  if (sqlStateOf(error) !== undefined) {
    throw migrationError(error, schema, failed);
  }
  // Kysely calls a schema that is ahead corrupt; an old instance beside a new one during a deployment is not. PostgreSQL had no
  // part in that error, so that it can still be asked, unless it is away.
  const version = await readSchemaVersion(kyselyExecutor(db), schema).catch((cause: unknown) => {
    throw migrationError(cause, schema);
  });
  if (version !== undefined && version > newest) {
    return { applied: [] };
  }
  throw failedError(error, schema, failed);
}

/** A failure must leave the transaction usable, or Kysely could not give its lock back, which outlives the transaction. */
async function apply(transaction: AnyKysely, migration: string): Promise<void> {
  const executor = kyselyExecutor(transaction);
  await executor.query('savepoint file_registry_migration', []);
  try {
    await executor.query(migration, []);
  } catch (error) {
    await executor.query('rollback to savepoint file_registry_migration', []).catch(() => undefined);
    throw error;
  }
  await executor.query('release savepoint file_registry_migration', []);
}

function migrationError(cause: unknown, schema: string, migration?: string): FileRegistryError {
  const error = databaseError(cause, 'migrate');
  return error instanceof DatabaseUnavailableError || error instanceof MigrationFailedError
    ? error
    : failedError(cause, schema, migration);
}

function failedError(cause: unknown, schema: string, migration?: string): MigrationFailedError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MigrationFailedError(
    `The registry's schema ${JSON.stringify(schema)} could not be migrated${migration ? ` (${migration})` : ''}: ${message}. ` +
      'Nothing was applied; mend the cause and run it again.',
    { cause, context: { schema, migration } },
  );
}

import { Migrator } from 'kysely/migration';
import { type Kysely, sql } from 'kysely';
import { migrate, MigrationFailedError, up } from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { createEmptyDatabase } from './support/create-empty-database.js';
import { describeSchema } from './support/describe-schema.js';

const database = await createEmptyDatabase();
const db = database.kysely({ max: 3 });
const pool = database.pool();

afterEach(async () => {
  await pool.query('drop schema if exists file_registry cascade; drop schema if exists second cascade');
  await pool.query('drop table if exists article, kysely_migration, kysely_migration_lock');
});

type Step = (db: Kysely<any>) => Promise<void>;

/** The application's own migrator, with its books in `public`. */
const application = (steps: Record<string, Step>) =>
  new Migrator({
    db,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, { up: step }])),
    },
  });

const createArticle: Step = async (trx) => {
  await trx.schema.createTable('article').addColumn('id', 'integer').execute();
};

const tableExists = async (name: string) =>
  (await pool.query('select to_regclass($1) is not null as found', [name])).rows[0].found;

/** The locks of the application's migrator and ours must be given back, or the next migration would hang. */
const expectNoLock = async () => {
  const { rows } = await pool.query(`select pg_try_advisory_xact_lock(3853314791062309107) as free`);
  expect(rows).toEqual([{ free: true }]);
};

test('up runs inside a migration of the application, and makes the same schema as migrate', async () => {
  const { error, results } = await application({
    '1 article': createArticle,
    '2 registry': (trx) => up(trx),
    '3 second': (trx) => up(trx, { schema: 'second' }),
  }).migrateToLatest();

  expect(error).toBeUndefined();
  expect(results?.map(({ status }) => status)).toEqual(['Success', 'Success', 'Success']);
  await expectNoLock();
  expect(await migrate(pool)).toEqual({ applied: [] });
  const made = await describeSchema(pool);
  await pool.query('drop schema file_registry cascade');
  await migrate(pool);
  expect(made).toEqual(await describeSchema(pool));
});

test('up again in a later migration does nothing', async () => {
  const steps = { '1 registry': (trx: Kysely<any>) => up(trx) };
  await application(steps).migrateToLatest();
  const { error } = await application({ ...steps, '2 again': (trx) => up(trx) }).migrateToLatest();
  expect(error).toBeUndefined();
});

test('a later failure of the application rolls the registry back', async () => {
  const { error } = await application({
    '1 registry': (trx) => up(trx),
    '2 broken': async (trx) => {
      await sql`select 1 / 0`.execute(trx);
    },
  }).migrateToLatest();

  expect(error).toMatchObject({ code: '22012' });
  expect(await tableExists('file_registry.files')).toBe(false);
  await expectNoLock();
});

test('a failure of up rolls the application back, names its cause and leaves no lock', async () => {
  await pool.query('create schema file_registry; create table file_registry.settings (other integer)');

  const { error } = await application({
    '1 article': createArticle,
    '2 registry': (trx) => up(trx),
  }).migrateToLatest();

  expect(error).toBeInstanceOf(MigrationFailedError);
  expect(error).toMatchObject({ cause: { code: '42P07' } });
  expect(await tableExists('article')).toBe(false);
  expect(await tableExists('file_registry.files')).toBe(false);
  await expectNoLock();
});

test('up in a transaction by itself commits and rolls back with it', async () => {
  const rolledBack = db.transaction().execute(async (trx) => {
    await up(trx);
    throw new Error('changed my mind');
  });
  await expect(rolledBack).rejects.toThrow('changed my mind');
  expect(await tableExists('file_registry.files')).toBe(false);

  await db.transaction().execute((trx) => up(trx));
  expect(await tableExists('file_registry.files')).toBe(true);
  await expectNoLock();
});

test('up leaves a schema alone that is newer than the package', async () => {
  await migrate(pool);
  await pool.query(
    `insert into file_registry.migrations (name, "timestamp") values ('9999-later', now()::text)`,
  );

  const { error } = await application({ '1 registry': (trx) => up(trx) }).migrateToLatest();
  expect(error).toBeUndefined();
});

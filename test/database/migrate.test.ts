import { migrate, MigrationFailedError } from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { readMigrations } from '../../src/database/migrations.js';
import { assertLaws } from '../support/assert-laws.js';
import { createEmptyDatabase } from './support/create-empty-database.js';
import { describeSchema } from './support/describe-schema.js';

const database = await createEmptyDatabase();
const pool = database.pool();
const names = (await readMigrations('file_registry')).map(({ name }) => name);

afterEach(() => pool.query('drop schema if exists file_registry cascade'));

const relations = async () =>
  (await pool.query(`select from pg_class where relnamespace = to_regnamespace('file_registry')`)).rows
    .length;

test('an empty database gets the schema with its books inside, calling again does nothing', async () => {
  expect(await migrate(pool)).toEqual({ applied: names });
  const before = await describeSchema(pool);

  expect(await migrate(pool)).toEqual({ applied: [] });
  expect(await migrate(database.kysely(), { schema: 'file_registry' })).toEqual({ applied: [] });
  expect(await describeSchema(pool)).toEqual(before);
  expect((await pool.query('select name from file_registry.migrations order by name')).rows).toEqual(
    names.map((name) => ({ name })),
  );
  expect((await pool.query(`select from pg_class where relname like 'kysely%'`)).rows).toEqual([]);
  await assertLaws({ admin: pool, storages: {} });
});

test('a schema that the administrator created before is used', async () => {
  await pool.query('create schema file_registry');
  expect(await migrate(pool)).toEqual({ applied: names });
});

test('two schemas live beside each other', async () => {
  await migrate(pool);
  expect(await migrate(pool, { schema: 'second' })).toEqual({ applied: names });
  await assertLaws({ admin: pool, schema: 'second', storages: {} });
  await pool.query('drop schema second cascade');
});

test('a migration that fails leaves nothing behind, and the next call succeeds', async () => {
  // A table that is in the way of the last statements.
  await pool.query('create schema file_registry; create table file_registry.settings (other integer)');

  const failed = await migrate(pool).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(MigrationFailedError);
  expect(failed).toMatchObject({
    code: 'MIGRATION_FAILED',
    context: { schema: 'file_registry', migration: names[0] },
    cause: { code: '42P07' },
    message: expect.stringContaining('"settings" already exists'),
  });
  const rows = await pool.query(
    `select relname from pg_class where relnamespace = 'file_registry'::regnamespace`,
  );
  expect(rows.rows).toEqual([{ relname: 'settings' }]);

  await pool.query('drop table file_registry.settings');
  expect(await migrate(pool)).toEqual({ applied: names });
});

test('a failure in the second migration takes the first back, too', async () => {
  await pool.query(
    'create schema file_registry; create function file_registry.refuse() returns trigger language plpgsql as $$ begin end $$',
  );

  await expect(migrate(pool)).rejects.toMatchObject({ context: { migration: names[1] } });
  expect(await relations()).toBe(0);
  await pool.query('select pg_advisory_xact_lock(3853314791062309107)');
});

test('a schema that is newer than the package is left alone', async () => {
  await migrate(pool);
  await pool.query(
    `insert into file_registry.migrations (name, "timestamp") values ('9999-later', now()::text)`,
  );
  const before = await describeSchema(pool);

  expect(await migrate(pool)).toEqual({ applied: [] });
  expect(await describeSchema(pool)).toEqual(before);
});

test('books that know a migration which never was are an error', async () => {
  await migrate(pool);
  await pool.query(
    `insert into file_registry.migrations (name, "timestamp") values ('0000-foreign', now()::text)`,
  );
  await expect(migrate(pool)).rejects.toBeInstanceOf(MigrationFailedError);
});

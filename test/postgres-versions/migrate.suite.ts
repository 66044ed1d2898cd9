import { migrate, migrationSql } from 'nestjs-file-registry';
import { escapeIdentifier } from 'pg';
import { expect, test } from 'vitest';
import { createEmptyDatabase, schema } from './support/ordinary-database.js';

const { database, owner, admin } = await createEmptyDatabase();

test('the server is of the version that was asked for', async () => {
  const { rows } = await admin.query<{ server_version: string }>('show server_version');
  expect(rows[0]?.server_version.split('.')[0]).toBe(process.env['POSTGRES_VERSION'] ?? '18');
});

test('an ordinary role creates the schema, by several instances at once, and then has nothing to do', async () => {
  const pool = database.pool({ role: owner });
  const results = await Promise.all([1, 2, 3].map(() => migrate(pool, { schema })));

  const applied = results.map((result) => result.applied.length);
  expect(applied.filter((count) => count > 0)).toHaveLength(1);
  expect(await migrate(pool, { schema })).toEqual({ applied: [] });

  const { rows } = await admin.query(
    `select rolname, rolsuper, rolcreaterole, rolbypassrls
       from pg_namespace n join pg_roles r on r.oid = n.nspowner
      where nspname = $1`,
    [schema],
  );
  expect(rows).toEqual([{ rolname: owner.name, rolsuper: false, rolcreaterole: false, rolbypassrls: false }]);
});

test('a role that owns nothing but the schema migrates, in the database of somebody else', async () => {
  const guest = await database.role();
  const name = `$body$ "'; drop`;
  const quoted = escapeIdentifier(name);
  await admin.query(`create schema ${quoted} authorization ${guest.name}`);

  const pool = database.pool({ role: guest });
  const { applied } = await migrate(pool, { schema: name });
  expect(applied.length).toBeGreaterThan(0);
  expect(await migrate(pool, { schema: name })).toEqual({ applied: [] });
  await expect(migrate(pool, { schema: 'elsewhere' })).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
});

test('the migrations as one SQL text give the same schema', async () => {
  const client = await database.client({ role: owner });
  await client.query('begin');
  await client.query(await migrationSql({ schema: 'as text' }));
  await client.query('commit');

  expect(await migrate(database.pool({ role: owner }), { schema: 'as text' })).toEqual({ applied: [] });
});

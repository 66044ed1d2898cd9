import { Client, Pool } from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase } from './create-test-database.js';
import { TestDatabase } from './test-database.js';

const database = await createTestDatabase();

test('a clone is migrated and empty', async () => {
  const { rows } = await database.pool().query('select count(*)::int as files from file_registry.files');
  expect(rows).toEqual([{ files: 0 }]);
});

test('a role may connect and nothing else', async () => {
  const client = await database.client({ role: await database.role() });
  await expect(client.query('select from file_registry.files')).rejects.toThrow('permission denied');
});

test('a connection that somebody leaves open is named, and the database goes all the same', async () => {
  const { connectionString, template, prefix } = inject('postgres');
  const short = await TestDatabase.create({
    server: connectionString,
    template,
    prefix,
    leakPatienceMs: 100,
  });
  const forgotten = new Client({ connectionString: short.connectionString, application_name: 'forgotten' });
  forgotten.on('error', () => {});
  await forgotten.connect();
  await forgotten.query('select 42');

  await expect(short.drop()).rejects.toThrow(/forgotten.*select 42/);
  await expect(short.client()).rejects.toThrow('does not exist');
});

test('a client that nobody released is named, too', async () => {
  const { connectionString, template, prefix } = inject('postgres');
  const short = await TestDatabase.create({
    server: connectionString,
    template,
    prefix,
    leakPatienceMs: 100,
  });
  const client = await short.pool().connect();
  client.on('error', () => {});
  await client.query('select 43');

  await expect(short.drop()).rejects.toThrow('select 43');
});

test('the database can go away and return', async () => {
  const pool = new Pool({ connectionString: database.connectionString });
  pool.on('error', () => {});
  await pool.query('select 1');

  await database.allowConnections(false);
  await database.disconnectAll();
  await expect(pool.query('select 1')).rejects.toThrow(/terminat|not currently accepting/);

  await database.allowConnections(true);
  await expect(pool.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  await pool.end();
});

import type { FileTransaction } from 'nestjs-file-registry';
import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, pool, database } = registry;
const file = await registry.store();
const owner = { type: 'article', id: 1, slot: 'cover' };

afterEach(async () => {
  await registry.detach(file, '1');
  await registry.assertLaws();
});

const verbs: [string, (tx: FileTransaction) => Promise<unknown>][] = [
  ['attach', (tx) => tx.attach(file, owner)],
  ['attachMany', (tx) => tx.attachMany([{ file, owner }])],
  ['detach', (tx) => tx.detach(file, owner)],
  ['detachAll', (tx) => tx.detachAll(owner)],
  ['replace', (tx) => tx.replace(owner, file)],
];

/** A client that knows of transactions, or one like those before pg 8.21, which does not. */
const kinds = [
  ['a client', (client: Client) => client],
  [
    'a client that does not know its status',
    (client: Client) => Object.defineProperty(client, 'getTransactionStatus', { value: undefined }),
  ],
] as const;

describe.for(kinds)('%s', ([, make]) => {
  const connect = async () => make(await database.client());

  test('inside BEGIN commits and rolls back with it', async () => {
    const client = await connect();
    await client.query('begin');
    expect(await files.in(client).attach(file, owner)).toEqual({ attached: 1 });
    expect(await files.count(file)).toBe(0);
    await client.query('rollback');
    expect(await files.count(file)).toBe(0);

    await client.query('begin');
    await files.in(client).attach(file, owner);
    await client.query('commit');
    expect(await files.count(file)).toBe(1);
  });

  test.for(verbs)('%s without BEGIN, after COMMIT and after ROLLBACK is refused', async ([, verb]) => {
    const client = await connect();
    const tx = files.in(client);
    const refusal = async () => {
      const error = await errorOf(verb(tx));
      expect(error).toMatchObject({ code: 'TRANSACTION_REQUIRED', kind: 'usage' });
      expect(error.message).toContain('Send BEGIN');
    };

    await refusal();
    for (const end of ['commit', 'rollback']) {
      await client.query('begin');
      await client.query(end);
      await refusal();
    }
    expect(await files.count(file)).toBe(0);
  });

  test.for(verbs)('%s in a transaction that has failed says so', async ([, verb]) => {
    const client = await connect();
    await client.query('begin');
    await client.query('select 1 / 0').catch(() => undefined);

    expect(await errorOf(verb(files.in(client)))).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      kind: 'usage',
    });
    await client.query('rollback');
  });

  test('an error that is no failed statement leaves the transaction and its savepoints usable', async () => {
    const client = await connect();
    await client.query('begin');
    await client.query('savepoint mine');
    const missing = '01987654-3210-7000-8000-000000000000';
    expect(await errorOf(files.in(client).attach(missing, owner))).toMatchObject({ code: 'FILE_NOT_FOUND' });
    await files.in(client).attach(file, owner);
    await client.query('rollback to savepoint mine');
    await client.query('commit');

    expect(await files.count(file)).toBe(0);
  });

  test('an aborted connection is told as a database that is away', async () => {
    const client = await connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await client.query('begin');
    await pool.query('select pg_terminate_backend($1, 5000)', [rows[0].pid]);

    expect(await errorOf(files.in(client).attach(file, owner))).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      kind: 'retryable',
    });
  });
});

test('a client of a pool works between BEGIN and COMMIT, and no longer after its release', async () => {
  const client = await pool.connect();
  await client.query('begin');
  await files.in(client).attach(file, owner);
  await client.query('commit');
  client.release();

  expect(await errorOf(files.in(client).attach(file, owner))).toMatchObject({ code: 'TRANSACTION_REQUIRED' });
  expect(await files.count(file)).toBe(1);
});

test('a client that was never connected is refused', async () => {
  const error = await errorOf(files.in(new Client()).attach(file, owner));

  expect(error).toMatchObject({ code: 'TRANSACTION_REQUIRED' });
});

test('type parsers of the application disturb nothing', async () => {
  const strange = { getTypeParser: () => (value: string) => `parsed ${value}` };
  const text = 25;
  const client = await database.client({
    types: { getTypeParser: (oid: number) => (oid === text ? String : strange.getTypeParser()) } as never,
  });
  await client.query('begin');

  expect(await files.in(client).attach(file, owner)).toEqual({ attached: 1 });
  expect(await files.in(client).replace(owner, null)).toEqual({ attached: 0, detached: 1 });
  await client.query('rollback');
});

test('the settings of a session disturb nothing', async () => {
  const client = await database.client();
  await client.query(`
    set datestyle = 'German, DMY'; set intervalstyle = 'sql_standard'; set timezone = 'Asia/Kathmandu';
    set bytea_output = 'escape'; set extra_float_digits = 0; set search_path = ''; set row_security = off;
    set standard_conforming_strings = off; set escape_string_warning = off; set client_encoding = 'UTF8';
    set default_transaction_deferrable = on; set lc_messages = 'C'; set plan_cache_mode = 'force_generic_plan'`);
  await client.query('begin');
  const odd = { type: "o'clock\\", id: '{"a":1}', slot: 'e\\nd' };

  expect(await files.in(client).attachMany([{ file, owner: odd }])).toEqual({ attached: 1 });
  expect(await files.in(client).detachAll(odd)).toEqual({ detached: 1 });
  await client.query('rollback');
});

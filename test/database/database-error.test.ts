import { Pool } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { call } from '../../src/database/call.js';
import { databaseError } from '../../src/database/database-error.js';
import { kyselyExecutor } from '../../src/database/kysely-executor.js';
import { toKysely } from '../../src/database/database-handle.js';
import { transactionExecutor } from '../../src/database/transaction-executor.js';
import { createTestDatabase } from '../support/create-test-database.js';

const database = await createTestDatabase();
const db = database.kysely();

const withState = (code: string) => Object.assign(new Error('no'), { code });

test.for([
  ['40001', 'TRANSACTION_CONFLICT', true],
  ['40P01', 'TRANSACTION_CONFLICT', true],
  ['55P03', 'TRANSACTION_CONFLICT', true],
  ['25P02', 'TRANSACTION_ABORTED', false],
  ['3F000', 'SCHEMA_OUTDATED', false],
  ['42883', 'SCHEMA_OUTDATED', false],
  ['42501', 'DATABASE_FAILED', false],
  ['23001', 'DATABASE_FAILED', false],
  ['0A000', 'DATABASE_FAILED', false],
  ['57P01', 'DATABASE_UNAVAILABLE', true],
  ['57014', 'DATABASE_UNAVAILABLE', true],
  ['53300', 'DATABASE_UNAVAILABLE', true],
  ['08006', 'DATABASE_UNAVAILABLE', true],
  ['ECONNREFUSED', 'DATABASE_UNAVAILABLE', true],
  ['EPIPE', 'DATABASE_UNAVAILABLE', true],
] as const)('SQLSTATE %s is %s, retryable: %s', ([state, code, retryable]) => {
  const cause = withState(state);
  const error = databaseError(cause, 'attach');
  expect(error).toMatchObject({ code, retryable, cause, message: expect.stringContaining('attach') });
});

test('the SQLSTATE is found below what an ORM wrapped around the driver', () => {
  const wrapped = new Error('query failed', { cause: { cause: withState('40001') } });
  expect(databaseError(wrapped, 'attach')).toMatchObject({
    code: 'TRANSACTION_CONFLICT',
    context: { sqlState: '40001' },
  });
});

test('an error of the registry passes unchanged', () => {
  const error = databaseError(withState('42501'), 'attach');
  expect(databaseError(error, 'replace')).toBe(error);
});

test('a statement in a failed transaction is told to roll back', async () => {
  const failed = db.transaction().execute(async (trx) => {
    await kyselyExecutor(trx)
      .query('select 1 / 0', [])
      .catch(() => undefined);
    await call(kyselyExecutor(trx), 'file_registry', 'count_references', [['uuid[]', '{}']]);
  });
  await expect(failed).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED', cause: { code: '25P02' } });
});

test('a transaction that has ended is no transaction', async () => {
  const ended = await db.transaction().execute(async (trx) => kyselyExecutor(trx));
  await expect(call(ended, 'file_registry', 'count_references', [['uuid[]', '{}']])).rejects.toMatchObject({
    code: 'TRANSACTION_REQUIRED',
  });
});

test('a schema that is not there names the call that makes it', async () => {
  await expect(call(kyselyExecutor(db), 'nowhere', 'stats', [['jsonb', '[]']])).rejects.toMatchObject({
    code: 'SCHEMA_OUTDATED',
    message: expect.stringContaining('migrate(database)'),
  });
});

test('a connection that is taken away in the middle is a database that is away', async () => {
  const client = await database.client();
  await client.query('begin');
  await database.disconnectAll();

  const lost = call(transactionExecutor(client), 'file_registry', 'count_references', [['uuid[]', '{}']]);
  await expect(lost).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
  expect(await call(kyselyExecutor(db), 'file_registry', 'count_references', [['uuid[]', '{}']])).toEqual({});
});

test('a statement that is under way when its connection is taken away has got no answer', async () => {
  const lost = kyselyExecutor(db)
    .query('select pg_terminate_backend(pg_backend_pid())', [])
    .catch((error: unknown) => databaseError(error, 'attach'));
  expect(await lost).toMatchObject({ code: 'DATABASE_UNAVAILABLE', context: { sqlState: '57P01' } });
});

test('a server that nobody answers for is a database that is away', async () => {
  // Port 1 of the loopback is reserved and refuses at once.
  const pool = new Pool({ host: '127.0.0.1', port: 1, user: 'nobody', database: 'nothing' });
  afterAll(() => pool.end());
  await expect(
    call(kyselyExecutor(toKysely(pool)), 'file_registry', 'stats', [['jsonb', '[]']]),
  ).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') });
});

test('a conflict of two transactions says to run the whole transaction again', async () => {
  const session = await database.client();
  await session.query(`insert into file_registry.files (id, storage, key, content_type, size)
    values ('01900000-0000-7000-8000-000000000001', 'media', 'adopted', 'text/plain', 1)`);
  const conflict = db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await kyselyExecutor(trx).query('select from file_registry.files', []);
      await session.query('delete from file_registry.files');
      await call(kyselyExecutor(trx), 'file_registry', 'attach', [
        ['uuid[]', '{01900000-0000-7000-8000-000000000001}'],
        ['text', 'article'],
        ['text', '1'],
        ['text', 'cover'],
      ]);
    });
  await expect(conflict).rejects.toMatchObject({
    code: 'TRANSACTION_CONFLICT',
    retryable: true,
    message: expect.stringContaining('again'),
  });
});

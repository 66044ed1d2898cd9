import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry();
const { database } = registry;

const sessionState = `
  select pg_backend_pid() as pid,
         (select jsonb_object_agg(name, setting) from pg_settings
           where name not like 'plpgsql.%' /* there once PL/pgSQL is loaded */) as settings,
         (select count(*)::int from pg_prepared_statements) as prepared,
         (select count(*)::int from pg_cursors where name <> '') as cursors,
         (select count(*)::int from pg_listening_channels()) as channels,
         (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as advisory_locks,
         pg_my_temp_schema()::int as temporary_schema`;

test('no step leaves anything behind in its session, so that a pooler may give it to anybody', async () => {
  const pool = database.pool({ max: 1 });
  const other = await registry.another({
    gracePeriodMs: 0,
    unattachedTtlMs: 0,
    receiptRetentionMs: 0,
    processor: { database: pool, leaseMs: 1000, sweepIntervalMs: 0 },
  });
  const before = (await pool.query(sessionState)).rows;

  // Settle, claim, complete, fail and prune; a failing storage first.
  other.storage.onDelete = () => Promise.reject(new Error('down'));
  await registry.storeMany(2);
  expect(await other.processor.drain()).toMatchObject({ condemned: 2, failed: 2 });
  expect((await pool.query(sessionState)).rows).toEqual(before);

  other.storage.reset();
  await registry.passTime('2 hours');
  await other.processor.tick();
  expect(other.storage.keys).toHaveLength(2);
  await other.processor.retryStuck();
  await other.processor.stats();
  expect((await pool.query(sessionState)).rows).toEqual(before);
  await other.module.close();
});

test('a step that fails leaves nothing behind either', async () => {
  const pool = database.pool({ max: 1 });
  const other = await registry.another({ processor: { database: pool } });
  const before = (await pool.query(sessionState)).rows;

  await registry.pool.query('alter function file_registry.settle rename to settle_no_more');
  await expect(other.processor.drain()).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' });
  await registry.pool.query('alter function file_registry.settle_no_more rename to settle');

  expect((await pool.query(sessionState)).rows).toEqual(before);
  await other.module.close();
});

test('the steps run in READ COMMITTED, whatever the default of the role is', async () => {
  const pool = database.pool({ options: '-c default_transaction_isolation=serializable' });
  const other = await registry.another({
    gracePeriodMs: 0,
    unattachedTtlMs: 0,
    processor: { database: pool },
  });
  await registry.store();

  expect(await other.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  await expect(
    pool.query("select file_registry.settle('stored', 0, 1, '-infinity', 0)"),
  ).rejects.toMatchObject({
    code: '0A000',
    message: 'the processor runs in READ COMMITTED only',
  });
  await other.module.close();
});

test('READ UNCOMMITTED is READ COMMITTED, for the steps too', async () => {
  const session = await database.begun('read uncommitted');
  const { rows } = await session.query(
    "select file_registry.settle('stored', 0, 1, '-infinity', 0) as settled",
  );
  expect(rows[0].settled).toMatchObject({ claimed: 0 });
  await session.query('rollback');
});

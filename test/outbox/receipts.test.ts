import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 0,
  processor: { batchSize: 10, sweepIntervalMs: 0 },
});
const { pool, processor } = registry;

test('a receipt says what went, when, why and who held it last', async () => {
  const file = await registry.store('hello', 'hello.txt');
  await registry.attach(file, '7', 'body');
  await registry.detach(file, '7', 'body');
  await processor.drain();

  expect(await registry.deletion(file)).toMatchObject({
    storage: 'media',
    key: file.key,
    filename: 'hello.txt',
    size: '5',
    reason: 'detached',
    state: 'deleted',
    attempts: 1,
    last_owners: [{ type: 'article', id: '7', slot: 'body', detachedAt: expect.any(String) }],
    condemned_at: expect.any(Date),
    deleted_at: expect.any(Date),
    next_attempt_at: null,
    lease_token: null,
    last_error: null,
  });
});

test('receipts are kept for their retention and then pruned in batches, by a tick too', async () => {
  await registry.storeWithoutBytes(25);
  await processor.drain();
  await registry.passTime('29 days');
  expect(await processor.drain()).toMatchObject({ prunedReceipts: 0 });
  expect(await processor.stats()).toMatchObject({ receipts: 25 });

  const statements: number[] = [];
  await pool.query(
    `create table public.pruned (rows bigint);
     create function public.count_pruned() returns trigger language plpgsql security definer
     as $body$ begin insert into public.pruned select count(*) from gone; return null; end $body$;
     create trigger count_pruned after delete on file_registry.deletions referencing old table as gone
     for each statement execute function public.count_pruned()`,
  );
  await registry.passTime('2 days');
  await processor.tick();
  for (const { rows } of (await pool.query('select rows from public.pruned where rows > 0')).rows) {
    statements.push(Number(rows));
  }
  await pool.query('drop function public.count_pruned() cascade; drop table public.pruned');

  expect(statements).toEqual([10, 10, 5]);
  expect(await processor.stats()).toMatchObject({ receipts: 0 });
});

test('what is still to be deleted is never pruned, however old', async () => {
  const file = await registry.store();
  registry.storage.onDelete = () => Promise.reject(new Error('down'));
  await processor.drain();
  await registry.passTime('1 year');
  expect(await processor.drain()).toMatchObject({ prunedReceipts: 0, failed: 1 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'condemned' });
});

test('an adopted key is busy until the receipt of its deletion is pruned', async () => {
  const adopt = () =>
    pool.query(
      `insert into file_registry.files (id, storage, key, content_type, size)
       values (gen_random_uuid(), 'media', 'adopted/photo.jpg', 'image/jpeg', 0)`,
    );
  await adopt();
  await processor.drain();
  await expect(adopt()).rejects.toMatchObject({ code: '23505' });

  await registry.passTime('31 days');
  expect(await processor.drain()).toMatchObject({ prunedReceipts: 1 });
  await adopt();
});

test('stats counts what waits, what is due and since when, what is stuck and what is done', async () => {
  expect(await processor.stats()).toMatchObject({
    pending: 0,
    due: 0,
    unknownReasons: 0,
    oldestDueAgeMs: null,
    reserved: 0,
    condemned: 0,
    stuck: 0,
    receipts: 0,
  });

  const patient = await registry.another({ gracePeriodMs: 60 * 60 * 1000, unattachedTtlMs: 60 * 60 * 1000 });
  await registry.storeMany(2);
  expect(await patient.processor.stats()).toMatchObject({ pending: 2, due: 0, oldestDueAgeMs: null });
  await registry.passTime('2 hours');
  await registry.store();

  const { oldestDueAgeMs, ...counts } = await patient.processor.stats();
  expect(counts).toMatchObject({ pending: 3, due: 2, condemned: 0, receipts: 0 });
  expect(oldestDueAgeMs).toBeGreaterThanOrEqual(60 * 60 * 1000);
  expect(oldestDueAgeMs).toBeLessThan(2 * 60 * 60 * 1000);

  registry.storage.onDelete = async (objects, proceed) => [
    ...(await proceed(objects.slice(1))),
    { key: objects[0]?.key ?? '', error: { message: 'refused', permanent: true } },
  ];
  await processor.drain();
  await pool.query(
    `select file_registry.reserve(id, 'media', id::text, null, 3600000) from gen_random_uuid() id`,
  );
  expect(await patient.processor.stats()).toMatchObject({
    pending: 0,
    due: 0,
    oldestDueAgeMs: null,
    reserved: 1,
    condemned: 1,
    stuck: 1,
    receipts: 2,
  });
  await patient.module.close();
});

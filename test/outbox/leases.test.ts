import { Logger } from '@nestjs/common';
import { afterEach, expect, test, vi } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 0,
  processor: { leaseMs: 1000 },
});
const { processor, pool, storage } = registry;

const claimed = 'select lease_token, attempts, next_attempt_at::text from file_registry.deletions';

afterEach(() => vi.restoreAllMocks());

test('a lease that another process took over while the bytes went is counted and logged, nothing is completed', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const file = await registry.store();
  const other = '00000000-0000-4000-8000-000000000000';
  storage.onDelete = async (objects, proceed) => {
    await pool.query(
      "update file_registry.deletions set lease_token = $1, next_attempt_at = now() + interval '1 hour'",
      [other],
    );
    return proceed(objects);
  };

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 0, lostLeases: 1 });
  expect(warn.mock.calls.flat().join()).toContain('The lease of 1 deletion(s) was lost');
  expect(await registry.deletion(file)).toMatchObject({
    state: 'condemned',
    lease_token: other,
    deleted_at: null,
  });
});

test('a failure that is reported after the lease was lost is not recorded', async () => {
  const file = await registry.store();
  storage.onDelete = async (objects) => {
    await pool.query('update file_registry.deletions set lease_token = gen_random_uuid()');
    return objects.map(({ key }) => ({ key, error: { message: 'too late', permanent: true } }));
  };

  expect(await processor.drain()).toMatchObject({ failed: 0, stuck: 0, lostLeases: 1 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'condemned', last_error: null, attempts: 1 });
});

test('a lease is renewed as long as a slow storage needs, and nobody takes it over', async () => {
  const file = await registry.store();
  const other = await registry.another();
  const leaseEnds = new Set<string>();
  storage.onDelete = async (objects, proceed) => {
    await vi.waitFor(
      async () => {
        leaseEnds.add((await pool.query(claimed)).rows[0].next_attempt_at);
        expect(leaseEnds.size).toBe(4);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(await other.processor.drain()).toMatchObject({ deleted: 0 });
    return proceed(objects);
  };

  expect(await processor.drain()).toMatchObject({ deleted: 1, lostLeases: 0 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 1 });
  expect(other.storage.keys).toEqual([]);
  await other.module.close();
});

test('the deletion is called off when a renewal finds that part of the lease is gone', async () => {
  const [lost, held] = await registry.storeMany(2);
  if (!lost || !held) throw new Error('two files were stored');
  storage.onDelete = async (objects, proceed, { signal }) => {
    storage.onDelete = (some, really) => really(some);
    await pool.query(
      "update file_registry.deletions set lease_token = gen_random_uuid(), next_attempt_at = now() + interval '1 hour' where file_id = $1",
      [lost.id],
    );
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return objects.map(({ key }) => ({ key, error: { message: 'called off', permanent: false } }));
  };

  expect(await processor.drain()).toMatchObject({ released: 1, lostLeases: 1, deleted: 1, failed: 0 });
  expect(await registry.deletion(held)).toMatchObject({ state: 'deleted', attempts: 1 });
  expect(await registry.deletion(lost)).toMatchObject({ state: 'condemned' });
});

test('a storage is told to stop when its lease cannot be renewed, and what it did not delete is given back', async () => {
  const file = await registry.store();
  await pool.query('alter function file_registry.renew_lease(uuid, uuid[], bigint) rename to renew_no_lease');
  storage.onDelete = async (_objects, _proceed, { signal }) => {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    await pool.query(
      'alter function file_registry.renew_no_lease(uuid, uuid[], bigint) rename to renew_lease',
    );
    storage.onDelete = (some, really) => really(some);
    throw signal?.reason;
  };

  expect(await processor.drain()).toMatchObject({ released: 1, failed: 0, deleted: 1 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 1 });
});

test('an expired lease lets another processor take over, and the late one completes nothing', async () => {
  const file = await registry.store();
  // Its lease is so long that it is not renewed meanwhile.
  const late = await registry.another({ gracePeriodMs: 0, unattachedTtlMs: 0 });
  late.storage.onDelete = async (objects, proceed) => {
    await registry.passTime('2 minutes');
    expect(await processor.drain()).toMatchObject({ deleted: 1 });
    return proceed(objects);
  };

  expect(await late.processor.drain()).toMatchObject({ deleted: 0, lostLeases: 1 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 2 });
  await registry.assertLaws();
  await late.module.close();
});

test('rows whose lease ended without an outcome are claimed alone, and the others in one batch', async () => {
  const files = await registry.storeMany(6);
  storage.onDelete = async (objects) =>
    objects.map(({ key }) => ({ key, error: { message: 'later', permanent: false } }));
  await processor.drain();
  const interrupted = files.slice(2, 4);
  await pool.query(
    'update file_registry.deletions set lease_token = gen_random_uuid() where file_id = any($1)',
    [interrupted.map((file) => file.id)],
  );
  await registry.passTime('1 day');
  storage.reset();

  expect(await processor.drain()).toMatchObject({ deleted: 6 });
  const alone = storage.batches.filter((batch) => batch.length === 1).flat();
  expect(alone.toSorted()).toEqual(interrupted.map((file) => file.key).toSorted());
  expect(storage.batches.map((batch) => batch.length).toSorted()).toEqual([1, 1, 4]);
});

test('a storage that neither answers nor heeds its signal is given up after ten lease lengths, and counts as failed', async () => {
  const file = await registry.store();
  const deleting = Promise.withResolvers<void>();
  storage.onDelete = () => {
    deleting.resolve();
    return new Promise(() => undefined);
  };
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  try {
    const draining = processor.drain();
    await deleting.promise;
    await vi.advanceTimersByTimeAsync(12_000);
    vi.useRealTimers();
    expect(await draining).toMatchObject({ condemned: 1, deleted: 0, failed: 1, lostLeases: 0 });
  } finally {
    vi.useRealTimers();
  }
  expect(await registry.deletion(file)).toMatchObject({
    lease_token: null,
    last_error: expect.stringContaining('did not answer'),
  });
});

import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { awaitedLater } from '../support/awaited-later.js';
import { forkTypeScript } from '../support/fork-typescript.js';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp } from './support/hooked-app.js';
import { idsOf, recorder } from './support/recorder.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { database, media, pool } = registry;

test('a crash between the hook after and the receipt repeats both hooks', async () => {
  const stored = await registry.storeMany(3);
  const worker = forkTypeScript(new URL('./support/killed-in-hook.ts', import.meta.url), [
    database.connectionString,
    media.path,
  ]);
  const [{ fileIds }] = (await once(worker, 'message')) as [{ fileIds: string[] }];
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  expect(fileIds.toSorted()).toEqual(stored.map(({ id }) => id).toSorted());
  expect(await media.files(), 'the bytes are gone, the receipts are not written').toEqual([]);

  const Hooks = recorder();
  const { app, processor } = await hookedApp(registry, { providers: [Hooks] });
  expect(await processor.drain(), 'the lease still holds').toMatchObject({ deleted: 0 });
  await registry.passTime('2 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 3 });
  expect(idsOf(app.get(Hooks).before)).toEqual(fileIds.toSorted());
  expect(idsOf(app.get(Hooks).after)).toEqual(fileIds.toSorted());
  expect(
    app
      .get(Hooks)
      .after.flat()
      .map(({ attempts }) => attempts),
  ).toEqual([2, 2, 2]);
  await registry.assertLaws();
});

test('two processors share the work, and each file goes through the hooks of one of them', async () => {
  const stored = await registry.storeMany(12);
  const Hooks = recorder();
  const options = { processor: { batchSize: 2 } };
  const one = await hookedApp(registry, { providers: [Hooks] }, options);
  const two = await hookedApp(registry, { providers: [Hooks] }, options);
  const meeting = Promise.withResolvers<void>();
  let first = 0;
  for (const { app } of [one, two]) {
    // Each waits in its first call until the other is in one, too.
    app.get(Hooks).onBefore = () => {
      if (app.get(Hooks).before.length === 1 && ++first === 2) meeting.resolve();
      return meeting.promise;
    };
  }
  const [a, b] = await Promise.all([one.processor.drain(), two.processor.drain()]);
  expect(a.deleted + b.deleted).toBe(12);
  const called = [...one.app.get(Hooks).after, ...two.app.get(Hooks).after];
  expect(idsOf(called)).toEqual(stored.map(({ id }) => id).toSorted());
  expect(Math.min(one.app.get(Hooks).after.length, two.app.get(Hooks).after.length)).toBeGreaterThan(0);
});

test('a lease is renewed while hooks run, longer than any storage may take', async () => {
  const Hooks = recorder();
  const { app, processor } = await hookedApp(
    registry,
    { providers: [Hooks] },
    { processor: { leaseMs: 1000 } },
  );
  const other = await hookedApp(registry, {});
  const [file] = await registry.storeMany(1);
  const ends = new Set<string>();
  app.get(Hooks).onBefore = async () => {
    await vi.waitFor(
      async () => {
        const { rows } = await pool.query('select next_attempt_at::text from file_registry.deletions');
        ends.add(rows[0].next_attempt_at);
        expect(ends.size).toBe(4);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(await other.processor.drain()).toMatchObject({ deleted: 0 });
  };
  expect(await processor.drain()).toMatchObject({ deleted: 1, lostLeases: 0 });
  expect(await registry.deletion(file!)).toMatchObject({ state: 'deleted', attempts: 1 });
});

test('a hook is told when the lease is lost, none is begun after that, and nothing is deleted', async () => {
  const Hooks = recorder({ batchSize: 1 });
  const { app, processor, storage } = await hookedApp(
    registry,
    { providers: [Hooks] },
    { processor: { leaseMs: 1000 } },
  );
  await registry.storeMany(3);
  const hooks = app.get(Hooks);
  hooks.onBefore = async (_deletions, { signal }) => {
    await pool.query(
      "update file_registry.deletions set lease_token = gen_random_uuid(), next_attempt_at = now() + interval '1 hour'",
    );
    await once(signal, 'abort');
  };
  expect(await processor.drain()).toMatchObject({ deleted: 0, failed: 0, lostLeases: 3 });
  expect(hooks.before).toHaveLength(1);
  expect(storage.batches).toEqual([]);
  expect(hooks.after).toEqual([]);
});

test('a shutdown lets the hook that runs end, begins none, and gives everything back', async () => {
  const Hooks = recorder({ batchSize: 1 });
  const { app, processor, storage } = await hookedApp(registry, { providers: [Hooks] });
  const files = await registry.storeMany(3);
  const hooks = app.get(Hooks);
  let stopped: Promise<void> | undefined;
  hooks.onBefore = async (_deletions, { signal }) => {
    stopped = awaitedLater(processor.stop());
    await pool.query('select');
    expect(signal.aborted).toBe(false);
  };
  expect(await processor.drain()).toMatchObject({ deleted: 0, released: 3 });
  await stopped;
  expect(hooks.before).toHaveLength(1);
  expect(storage.batches).toEqual([]);
  expect(await registry.deletion(files[0]!)).toMatchObject({ attempts: 0, lease_token: null });
});

test('a shutdown while the bytes go leaves the receipt to who can call the hook after', async () => {
  const Hooks = recorder();
  const { app, processor, storage } = await hookedApp(registry, { providers: [Hooks] });
  const [file] = await registry.storeMany(1);
  storage.onDelete = async (objects, proceed) => {
    const outcomes = await proceed(objects);
    void processor.stop();
    return outcomes;
  };
  expect(await processor.drain()).toMatchObject({ deleted: 0, released: 1 });
  expect(app.get(Hooks).after).toEqual([]);
  expect(await registry.hasBytes(file!)).toBe(false);

  const next = await hookedApp(registry, { providers: [Hooks] });
  expect(await next.processor.drain()).toMatchObject({ deleted: 1 });
  expect(idsOf(next.app.get(Hooks).after)).toEqual([file!.id]);
});

test('a shutdown leaves a failure to who can call the hook for failures', async () => {
  const Hooks = recorder();
  const { app, processor, storage } = await hookedApp(registry, { providers: [Hooks] });
  const [file] = await registry.storeMany(1);
  storage.onDelete = async (objects) => {
    void processor.stop();
    return objects.map(({ key }) => ({ key, error: { message: 'no', permanent: true } }));
  };
  expect(await processor.drain()).toMatchObject({ failed: 0, released: 1 });
  expect(app.get(Hooks).failed).toEqual([]);
  expect(await registry.deletion(file!)).toMatchObject({ attempts: 0, last_error: null });
});

test('hooks that are slow beside the lease get on batch by batch, and what they did not reach is not counted', async () => {
  const Hooks = recorder({ batchSize: 1 });
  const { app, processor } = await hookedApp(registry, { providers: [Hooks] });
  await registry.storeMany(3);
  const hooks = app.get(Hooks);
  const now = vi.spyOn(performance, 'now');
  let passed = 0;
  now.mockImplementation(() => passed);
  // Eleven minutes a call: beyond the ten lengths of the lease in which a step may begin something.
  hooks.onBefore = hooks.onAfter = () => void (passed += 11 * 60 * 1000);
  try {
    expect(await processor.drain()).toMatchObject({ deleted: 3, failed: 0, released: 3 });
  } finally {
    now.mockRestore();
  }
  expect(hooks.before.flat().map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
  expect(hooks.after).toHaveLength(3);
});

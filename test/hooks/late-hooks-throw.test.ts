import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp } from './support/hooked-app.js';
import { recorder } from './support/recorder.js';

const registry = await createWatchedRegistry();
let logged: MockInstance<Logger['error']>;

beforeEach(() => {
  logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

test('what a hook after throws is logged, repeats nothing, and keeps nothing from the next one', async () => {
  const [First, Second] = [recorder({ batchSize: 2 }), recorder()];
  const { app, processor } = await hookedApp(registry, { providers: [First, Second] });
  app.get(First).onAfter = () => {
    throw new Error('the CDN is away');
  };
  await registry.storeMany(4);
  expect(await processor.drain()).toMatchObject({ deleted: 4, failed: 0 });

  expect(app.get(First).after.map((call) => call.length)).toEqual([2, 2]);
  expect(app.get(Second).after.map((call) => call.length)).toEqual([4]);
  expect(app.get(First).failed).toEqual([]);
  expect(logged.mock.calls.map(([message]) => message as unknown)).toEqual(
    Array(2).fill(
      'The hook RecordingHooks.noteAfter failed for 2 deletion(s) and is not called with them again: the CDN is away',
    ),
  );
});

test('one that never ends holds nothing up', async () => {
  const Hooks = recorder({ timeoutMs: 20 });
  const { app, processor } = await hookedApp(registry, { providers: [Hooks] });
  app.get(Hooks).onAfter = () => new Promise(() => undefined);
  await registry.store();
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  expect(logged.mock.calls.join()).toContain('it took longer than 20 ms');
});

test('what a hook for failures throws is logged, and the failure is recorded all the same', async () => {
  const Hooks = recorder();
  const { app, processor, storage } = await hookedApp(registry, { providers: [Hooks] });
  app.get(Hooks).onFailed = () => {
    throw new Error('nobody hears the alarm');
  };
  storage.onDelete = async (objects) =>
    objects.map(({ key }) => ({ key, error: { message: 'no', permanent: false } }));
  const file = await registry.store();
  expect(await processor.drain()).toMatchObject({ failed: 1 });
  expect(await registry.deletion(file)).toMatchObject({ last_error: 'no', attempts: 1 });
  expect(logged.mock.calls.join()).toContain('nobody hears the alarm');
});

test('a storage that hangs past its lease is told to the hook for failures', async () => {
  const Hooks = recorder();
  const { app, processor, storage } = await hookedApp(
    registry,
    { providers: [Hooks] },
    { processor: { leaseMs: 1000 } },
  );
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
    expect(await draining).toMatchObject({ failed: 1, released: 0 });
  } finally {
    vi.useRealTimers();
  }
  expect(app.get(Hooks).failed.flat()).toEqual([
    expect.objectContaining({ fileId: file.id, error: expect.stringContaining('did not answer') }),
  ]);
});

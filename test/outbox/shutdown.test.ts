import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { FileRegistry, ProcessorStoppedError, type StorageDeleteOutcome } from 'nestjs-file-registry';
import { afterEach, expect, test, vi } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { startScheduledApp } from './support/scheduled-app.js';
import { createWatchedRegistry } from './support/watched-registry.js';
import type { WatchedStorage } from './support/watched-storage.js';

const registry = await createWatchedRegistry();
const { pool } = registry;

afterEach(() => vi.restoreAllMocks());

const notStarted = (key: string): StorageDeleteOutcome => ({
  key,
  error: { message: 'not started', permanent: false },
});

/** The storage deletes what it is asked to, `asked` resolves, and it answers when `finish` is called. */
function block(storage: WatchedStorage) {
  const asked = Promise.withResolvers<AbortSignal | undefined>();
  const finished = Promise.withResolvers<void>();
  storage.onDelete = async (objects, proceed, { signal }) => {
    const outcomes = await proceed(objects);
    asked.resolve(signal);
    await finished.promise;
    return outcomes;
  };
  return { asked: asked.promise, finish: finished.resolve };
}

test('closing in the middle of a batch completes what was deleted and gives the rest back as it was', async () => {
  const { app, processor, storage } = await startScheduledApp(registry);
  await registry.storeMany(6);
  const begun = Promise.withResolvers<void>();
  storage.onDelete = async (objects, proceed, { signal }) => {
    const outcomes = await proceed(objects.slice(0, 2));
    begun.resolve();
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return [...outcomes, ...objects.slice(2).map(({ key }) => notStarted(key))];
  };

  const pass = processor.tick();
  await begun.promise;
  await app.close();
  await pass;

  const { rows } = await pool.query(
    `select state, attempts, lease_token is null as free, next_attempt_at <= clock_timestamp() as due, count(*)::int
       from file_registry.deletions group by 1, 2, 3, 4 order by 1`,
  );
  expect(rows).toEqual([
    { state: 'condemned', attempts: 0, free: true, due: true, count: 4 },
    { state: 'deleted', attempts: 1, free: true, due: null, count: 2 },
  ]);
  expect(await registry.processor.drain()).toMatchObject({ deleted: 4 });
  await registry.assertLaws();
});

test('closing waits for a storage that ends what it has begun', async () => {
  const { app, processor, storage } = await startScheduledApp(registry);
  const file = await registry.store();
  const { asked, finish } = block(storage);

  const pass = processor.tick();
  const signal = await asked;
  let closed = false;
  const closing = app.close().then(() => (closed = true));
  await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  expect(closed).toBe(false);
  expect(await registry.deletion(file)).toMatchObject({ state: 'condemned' });

  finish();
  await closing;
  await pass;
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 1 });
});

test('nothing is claimed once shutdown has begun', async () => {
  const { app, processor, storage } = await startScheduledApp(registry, { processor: { batchSize: 1 } });
  await registry.storeMany(3);
  const { asked, finish } = block(storage);

  const pass = processor.tick();
  const queued = processor.drain();
  await asked;
  const closing = app.close();
  finish();
  await Promise.all([closing, pass]);

  expect(storage.batches).toHaveLength(1);
  expect(await queued).toMatchObject({ condemned: 0, deleted: 0 });
  const { rows } = await pool.query(
    "select * from file_registry.deletions where attempts > 0 and state <> 'deleted'",
  );
  expect(rows).toEqual([]);
});

test('a pass that is settling when shutdown begins starts no deletion any more and keeps no lease', async () => {
  const { app, processor, storage } = await startScheduledApp(registry);
  const file = await registry.store();
  const step = RegistryDatabase.prototype.step;
  const steps: string[] = [];
  let closing: Promise<void> | undefined;
  vi.spyOn(RegistryDatabase.prototype, 'step').mockImplementation(async function (
    this: RegistryDatabase,
    ...call: Parameters<typeof step>
  ) {
    steps.push(call[0]);
    const answer = await step.apply(this, call);
    if (call[0] === 'settle') closing ??= processor.stop();
    return answer;
  });

  await processor.tick();
  await closing;
  await app.close();
  expect(steps).toContain('settle');
  expect(storage.keys).toEqual([]);
  expect(await registry.deletion(file)).toMatchObject({ state: 'condemned', attempts: 0, lease_token: null });
});

test('closing does not wait longer than its time for a storage that hangs, and another process takes over', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const { app, processor, storage } = await startScheduledApp(registry, {
    processor: { shutdownTimeoutMs: 20 },
  });
  const file = await registry.store();
  const { asked, finish } = block(storage);

  const pass = processor.tick();
  await asked;
  await app.close();
  expect(warn.mock.calls.flat().join()).toContain('still deleting after 20 ms of shutdown');
  expect(await registry.deletion(file)).toMatchObject({ state: 'condemned', attempts: 1 });
  expect(await registry.processor.drain(), 'the lease still holds').toMatchObject({ deleted: 0 });

  await registry.passTime('2 minutes');
  expect(await registry.processor.drain()).toMatchObject({ deleted: 1 });
  finish();
  await pass;
  expect(warn.mock.calls.flat().join()).toContain('The lease of 1 deletion(s) was lost');
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 2 });
});

test('after closing, drain is refused and ticks do nothing', async () => {
  const { app, processor, storage } = await startScheduledApp(registry);
  await app.close();
  await registry.store();

  await expect(processor.drain()).rejects.toThrow(ProcessorStoppedError);
  await processor.tick();
  expect(storage.batches).toEqual([]);
  expect(await registry.processor.stats()).toMatchObject({ pending: 1, condemned: 0 });
});

test('the verbs work until the application has shut down', async () => {
  @Injectable()
  class Reports implements OnApplicationShutdown {
    constructor(@Inject(FileRegistry) private readonly files: FileRegistry) {}

    async onApplicationShutdown(): Promise<void> {
      const file = await this.files.store(Buffer.from('the last report'));
      await registry.db
        .transaction()
        .execute((trx) => this.files.in(trx).attach(file, { type: 'report', id: 1, slot: 'text' }));
    }
  }
  const { app } = await startScheduledApp(registry, { providers: [Reports] });
  await app.close();

  const [report] = await registry.files.filesOf({ type: 'report', id: 1 });
  expect(await (await registry.files.read(report ?? '')).toArray()).toEqual([Buffer.from('the last report')]);
  await registry.assertLaws();
});

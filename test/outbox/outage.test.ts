import { Logger } from '@nestjs/common';
import { FileRegistryError } from 'nestjs-file-registry';
import { afterEach, expect, test, vi } from 'vitest';
import { startScheduledApp } from './support/scheduled-app.js';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry();
const { database } = registry;

afterEach(async () => {
  vi.restoreAllMocks();
  await database.allowConnections(true);
});

test('a database that goes away between deleting and completing is logged, and the next passes finish', async () => {
  const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const { app, processor, storage } = await startScheduledApp(registry, {
    processor: { sweepIntervalMs: 0 },
  });
  const files = await registry.storeMany(3);
  storage.onDelete = async (objects, proceed) => {
    await database.allowConnections(false);
    await database.disconnectAll();
    return proceed(objects);
  };

  await processor.tick();
  expect(error.mock.calls.flat().join()).toContain('A pass of the processor failed and is tried again');
  await processor.tick();
  expect(error).toHaveBeenCalledTimes(2);

  storage.reset();
  await database.allowConnections(true);
  await processor.tick();
  expect(storage.keys, 'the leases still hold').toEqual([]);
  await registry.passTime('2 minutes');
  await processor.tick();
  for (const file of files) {
    expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 2 });
  }
  expect(error).toHaveBeenCalledTimes(2);
  await registry.assertLaws();
  await app.close();
});

test('a database that is away is an error of drain, and nothing is lost', async () => {
  const { app, processor } = await startScheduledApp(registry);
  const file = await registry.store();
  await database.allowConnections(false);
  await database.disconnectAll();

  await expect(processor.drain()).rejects.toThrow(FileRegistryError);
  await expect(processor.stats()).rejects.toThrow(FileRegistryError);
  expect(await registry.hasBytes(file)).toBe(true);

  await database.allowConnections(true);
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  await app.close();
});

test('an application closes while the database is away', async () => {
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const { app, processor, storage } = await startScheduledApp(registry);
  const file = await registry.store();
  const begun = Promise.withResolvers<void>();
  storage.onDelete = async (_objects, _proceed, { signal }) => {
    begun.resolve();
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    throw signal?.reason;
  };

  const pass = processor.tick();
  await begun.promise;
  await database.allowConnections(false);
  await database.disconnectAll();
  await app.close();
  await pass;

  await database.allowConnections(true);
  await registry.passTime('2 minutes');
  expect(await registry.processor.drain(), 'its row could not be given back').toMatchObject({ deleted: 1 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 2 });
});

import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, localStorage, SchedulerMissingError } from 'nestjs-file-registry';
import { expect, test, vi } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { forkTypeScript } from '../support/fork-typescript.js';
import { startScheduledApp } from './support/scheduled-app.js';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry();
const archive = await createTemporaryFolder('archive');

test('the processor runs by itself on a named interval of the application, until it closes', async () => {
  const { app, scheduler } = await startScheduledApp(registry, { processor: { intervalMs: 10 } });
  expect(scheduler.getIntervals()).toEqual(['file-registry:file_registry']);

  const file = await registry.store();
  await vi.waitFor(async () => expect(await registry.hasBytes(file)).toBe(false), { timeout: 10_000 });
  await app.close();
  expect(scheduler.getIntervals()).toEqual([]);
  await registry.assertLaws();
});

test('a tick that comes while a pass is under way does nothing', async () => {
  const { app, processor, storage } = await startScheduledApp(registry);
  await registry.store();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: deleting, resolve: begun } = Promise.withResolvers<void>();
  storage.onDelete = async (objects, proceed) => {
    begun();
    await released;
    return proceed(objects);
  };

  const first = processor.tick();
  await deleting;
  await registry.store();
  await processor.tick();
  await processor.tick();
  expect(storage.batches).toHaveLength(1);

  release();
  await first;
  expect(storage.keys, 'the pass that was under way took the later file too').toHaveLength(2);
  await app.close();
});

test('a scheduled processor without ScheduleModule fails at start and says what to import', async () => {
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: registry.db,
        storages: { media: localStorage({ root: archive.path }) },
      }),
    ],
  }).compile();

  const starting = module.init();
  await expect(starting).rejects.toThrow(SchedulerMissingError);
  await expect(starting).rejects.toThrow('ScheduleModule.forRoot()');
  await module.close();
});

test('two registries of one application have an interval each and take away only their own', async () => {
  const moduleOf = (name: string, root: string) => {
    @Module({
      imports: [
        FileRegistryModule.forRoot({
          database: registry.database.pool(),
          storages: { [name]: localStorage({ root }) },
        }),
      ],
    })
    class RegistryModule {}
    return RegistryModule;
  };
  const app = await Test.createTestingModule({
    imports: [
      ScheduleModule.forRoot(),
      moduleOf('media', registry.media.path),
      moduleOf('archive', archive.path),
    ],
  }).compile();
  await app.init();
  const scheduler = app.get(SchedulerRegistry);
  const timer = setInterval(() => {}, 100_000);
  scheduler.addInterval('of the application', timer);

  expect(scheduler.getIntervals()).toEqual([
    'file-registry:file_registry',
    'file-registry:file_registry:2',
    'of the application',
  ]);
  const deleted = vi.spyOn(scheduler, 'deleteInterval');
  await app.close();
  expect(
    deleted.mock.calls
      .flat()
      .filter((name) => name.startsWith('file-registry'))
      .toSorted(),
  ).toEqual(['file-registry:file_registry', 'file-registry:file_registry:2']);
  expect(scheduler.getIntervals()).not.toContain('file-registry:file_registry');
  clearInterval(timer);
});

test('an application that took the interval away itself closes all the same', async () => {
  const { app, scheduler } = await startScheduledApp(registry);
  scheduler.deleteInterval('file-registry:file_registry');
  await expect(app.close()).resolves.toBeUndefined();
});

test('a process ends by itself once its application is closed', async () => {
  const child = forkTypeScript(new URL('./support/run-and-close.ts', import.meta.url), [
    registry.database.connectionString,
    archive.path,
  ]);
  expect(await once(child, 'message')).toEqual([expect.objectContaining({ closed: true }), undefined]);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

import { mkdir } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { StorageRefusedError, UnknownStorageError } from 'nestjs-file-registry';
import { afterEach, expect, test, vi } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { processor, storage } = registry;

afterEach(() => vi.restoreAllMocks());

test('a storage that rejects leaves every row of the batch to be tried again, with its message', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const files = await registry.storeMany(3);
  storage.onDelete = () => Promise.reject(new Error('connection reset'));

  expect(await processor.drain()).toMatchObject({ deleted: 0, failed: 3, stuck: 0 });
  for (const file of files) {
    expect(await registry.hasBytes(file)).toBe(true);
    expect(await registry.deletion(file)).toMatchObject({
      state: 'condemned',
      attempts: 1,
      last_error: 'connection reset',
      lease_token: null,
    });
  }
  expect(warn.mock.calls.flat().join()).toContain("Storage 'media': 3 deletion(s) failed");

  storage.reset();
  await registry.passTime('2 hours');
  expect(await processor.drain()).toMatchObject({ deleted: 3, failed: 0 });
  expect(await registry.deletion(files[0] ?? { id: '' })).toMatchObject({ attempts: 2, last_error: null });
  await registry.assertLaws();
});

test('a storage that throws before it returns a promise, or returns nothing, is a failure like any other', async () => {
  await registry.store();
  storage.onDelete = () => {
    throw new Error('not even a promise');
  };
  expect(await processor.drain()).toMatchObject({ failed: 1 });

  storage.onDelete = () => Promise.resolve(undefined as never);
  await registry.passTime('2 hours');
  expect(await processor.drain()).toMatchObject({ failed: 1, deleted: 0 });
});

test('an error that is null is none', async () => {
  await registry.empty();
  await registry.store();
  storage.onDelete = async (objects, proceed) =>
    (await proceed(objects)).map(({ key }) => ({ key, error: null }) as never);
  expect(await processor.drain()).toMatchObject({ failed: 0, deleted: 1 });
  storage.reset();
});

test('keys that the storage says nothing about are tried again, the others are done', async () => {
  const files = await registry.storeMany(4);
  const silent = files[1]?.key;
  storage.onDelete = async (objects, proceed) =>
    (await proceed(objects.filter(({ key }) => key !== silent))).concat([{ key: 'never/asked/for' }]);

  expect(await processor.drain()).toMatchObject({ deleted: 3, failed: 1 });
  expect(await registry.deletion(files[1] ?? { id: '' })).toMatchObject({
    state: 'condemned',
    last_error: 'the storage said nothing about this key',
  });
  await registry.assertLaws();
});

test('a permanent failure is stuck at once, reported by key or by rejection, until it is retried', async () => {
  const [refused, rejected] = await registry.storeMany(2);
  if (!refused || !rejected) throw new Error('two files were stored');
  storage.onDelete = async (objects, proceed) => [
    ...(await proceed(objects.filter(({ key }) => key !== refused.key))),
    { key: refused.key, error: { message: 'access denied', permanent: true } },
  ];
  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 1, stuck: 1 });

  const other = await registry.store();
  storage.onDelete = () => Promise.reject(new StorageRefusedError('bucket is gone'));
  expect(await processor.drain()).toMatchObject({ deleted: 0, failed: 1, stuck: 1 });
  expect(await processor.stats()).toMatchObject({ stuck: 2, condemned: 2 });

  storage.reset();
  await registry.passTime('10 years');
  expect(await processor.drain(), 'stuck rows are never due').toMatchObject({ deleted: 0 });
  expect(storage.batches).toEqual([]);

  expect(await processor.retryStuck('media')).toBe(2);
  expect(await processor.retryStuck(), 'again there is none').toBe(0);
  expect(await processor.drain()).toMatchObject({ deleted: 2 });
  expect(await registry.deletion(other)).toMatchObject({ state: 'deleted', attempts: 1, last_error: null });
  await expect(processor.retryStuck('nowhere')).rejects.toThrow(UnknownStorageError);
});

test('a message that PostgreSQL cannot store is recorded as far as it can, and holds nobody up', async () => {
  const files = await registry.storeMany(2);
  storage.onDelete = async (objects, proceed) => [
    ...(await proceed(objects.slice(1))),
    {
      key: objects[0]?.key ?? '',
      error: { message: `NUL \0, half \uD83D, ${'long '.repeat(2000)}`, permanent: false },
    },
  ];

  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 1 });
  const rows = await Promise.all(files.map((file) => registry.deletion(file)));
  const failed = rows.find((row) => row?.state === 'condemned');
  expect(failed?.last_error).toMatch(/^NUL \uFFFD, half \uFFFD, long /);
  expect(failed?.last_error).toHaveLength(2000);
});

test('bytes that are missing already are a success', async () => {
  const file = await registry.store();
  await registry.media.remove();
  await mkdir(registry.media.path);

  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 0 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', last_error: null });
});

test('a processor never claims the rows of a storage that it does not know', async () => {
  const [known, foreign] = await registry.storeMany(2);
  if (!known || !foreign) throw new Error('two files were stored');
  await registry.pool.query(
    `begin;
     set local session_replication_role = replica;
     update file_registry.files set storage = 'archive' where id = '${foreign.id}';
     commit`,
  );

  expect(await processor.drain()).toMatchObject({ condemned: 2, deleted: 1 });
  expect(storage.keys).toEqual([known.key]);
  expect(await registry.deletion(foreign)).toMatchObject({
    state: 'condemned',
    attempts: 0,
    lease_token: null,
  });
  expect(await processor.stats()).toMatchObject({ condemned: 1 });

  await registry.pool.query(
    `begin;
     set local session_replication_role = replica;
     update file_registry.deletions set storage = 'media';
     commit`,
  );
});

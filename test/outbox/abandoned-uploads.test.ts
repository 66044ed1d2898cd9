import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { UploadExpiredError } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({ uploadTtlMs: 60 * 60 * 1000 });
const { files, pool, processor, storage, media } = registry;

/** What a process leaves that died after it had reserved a key. */
async function reserve(): Promise<{ id: string; key: string }> {
  const id = randomUUID();
  const key = `2026/01/${id}.txt`;
  await pool.query("select file_registry.reserve($1, 'media', $2, 'x.txt', 3600000)", [id, key]);
  return { id, key };
}

async function write(key: string): Promise<void> {
  await storage.write(key, Readable.from([Buffer.from('late')]), { contentType: 'text/plain' });
}

async function finish(id: string): Promise<unknown> {
  const { rows } = await pool.query(
    "select file_registry.finish_upload($1, null, 'text/plain', 4, null, '{}') as file",
    [id],
  );
  return rows[0].file;
}

test('a reservation that lapsed is taken back, deleted at once and again one time-to-live later', async () => {
  const upload = await reserve();
  await write(upload.key);
  await registry.passTime('59 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 0 });
  expect(await processor.stats()).toMatchObject({ reserved: 1, condemned: 0 });

  await registry.passTime('2 minutes');
  await processor.drain();
  expect(await media.files()).toEqual([]);
  expect(await registry.deletion(upload)).toMatchObject({
    state: 'abandoned',
    attempts: 0,
    lease_token: null,
  });

  await write(upload.key); // A stalled write lands.
  await registry.passTime('59 minutes');
  await processor.drain();
  expect(await media.files(), 'not before its time').toEqual([upload.key]);

  await registry.passTime('2 minutes');
  await processor.drain();
  expect(await media.files()).toEqual([]);
  expect(await registry.deletion(upload)).toMatchObject({ state: 'deleted', reason: 'upload' });
  expect(storage.keys).toEqual([upload.key, upload.key]);
  await registry.assertLaws();
});

test('an upload cannot be finished once the processor has claimed its key', async () => {
  const upload = await reserve();
  await write(upload.key);
  await registry.passTime('61 minutes');
  storage.onDelete = async (objects, proceed) => {
    expect(await finish(upload.id)).toBeNull();
    return proceed(objects);
  };

  await processor.drain();
  expect(await finish(upload.id)).toBeNull();
  expect(await files.find(upload.id)).toBeNull();
  await registry.assertLaws();
});

test('an upload that is finished before its time is never claimed', async () => {
  const upload = await reserve();
  await write(upload.key);
  expect(await finish(upload.id)).toMatchObject({ id: upload.id });

  await registry.passTime('2 hours');
  await processor.drain();
  expect(storage.keys).toEqual([]);
  expect(await registry.deletion(upload)).toBeUndefined();
});

test('a stream that stalls longer than the time-to-live ends in an error, and nothing of it stays', async () => {
  storage.onDelete = () => Promise.reject(new Error('down')); // so that the write ends well
  const content = new Readable({ read() {} });
  const storing = files.store(content).then(
    () => 'stored',
    (error: unknown) => error,
  );
  content.push('first');
  while ((await media.files()).length === 0) await turn();

  await registry.passTime('61 minutes');
  await processor.drain();
  content.push('second');
  content.push(null);

  expect(await storing).toBeInstanceOf(UploadExpiredError);
  storage.reset();
  await processor.drain();
  expect(await media.files()).toEqual([]);
  await registry.assertLaws();
});

test('an upload that was given up is due at once, also when its receipt is written or pruned', async () => {
  const upload = await reserve();
  const abandon = () =>
    pool.query("select file_registry.abandon_upload($1, 'media', $2)", [upload.id, upload.key]);

  await abandon();
  expect(await registry.deletion(upload)).toMatchObject({ state: 'abandoned' });
  await processor.drain();
  await registry.passTime('2 hours');
  await processor.drain();
  expect(await registry.deletion(upload)).toMatchObject({ state: 'deleted' });

  await write(upload.key);
  await abandon();
  await processor.drain();
  expect(await media.files()).toEqual([]);
  await registry.assertLaws();

  await registry.passTime('32 days');
  await processor.drain();
  await registry.passTime('32 days');
  await processor.drain();
  expect(await registry.deletion(upload)).toBeUndefined();
  await write(upload.key);
  await abandon();
  await processor.drain();
  expect(await media.files()).toEqual([]);
});

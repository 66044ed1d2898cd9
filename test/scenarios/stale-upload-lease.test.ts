import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';

const registry = await createWatchedRegistry({ uploadTtlMs: 60 * 60 * 1000 });
const { files, media, pool, processor, storage } = registry;

test('a worker that lost its lease on a lapsed upload may still delete: finishing the upload is refused', async () => {
  const id = randomUUID();
  const key = `2026/01/${id}.txt`;
  const finish = async () => {
    const { rows } = await pool.query(
      "select file_registry.finish_upload($1, null, 'text/plain', 4, null, '{}') as file",
      [id],
    );
    return rows[0].file;
  };
  await pool.query("select file_registry.reserve($1, 'media', $2, null, 3600000)", [id, key]);
  await registry.passTime('61 minutes');

  // The slow worker has claimed the key and is about to delete, when its lease ends and the upload comes to its end.
  storage.onDelete = async (objects, proceed) => {
    await registry.passTime('5 minutes');
    await storage.write(key, Readable.from([Buffer.from('late')]), { contentType: 'text/plain' });
    expect(
      (await pool.query('select file_registry.renew_reservation($1, 3600000) as renewed', [id])).rows,
    ).toEqual([{ renewed: false }]);
    expect(await finish()).toBeNull();
    storage.onDelete = (some, really) => really(some);
    return proceed(objects);
  };
  await processor.drain();
  expect(await media.files()).toEqual([]);
  expect(await finish()).toBeNull();
  expect(await files.find(id)).toBeNull();
  await registry.assertLaws();

  // Nor is it a file after the worker has given the row back, or failed.
  await pool.query('update file_registry.deletions set lease_token = null, attempts = 0');
  expect(await finish()).toBeNull();
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultyStorage } from '../registry/faulty-storage.js';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { Articles } from './articles.js';

const media = await createTemporaryFolder('media');
const storage = new FaultyStorage(media.path);
const registry = await createTestRegistry({ storages: { media: storage }, processor: { maxAttempts: 3 } });
const { files, pool, db, processor } = registry;
await Articles.createTables(pool);
const articles = new Articles(db, files);

beforeEach(() => storage.heal());
afterEach(() => assertLaws({ admin: pool, storages: { media: media.path } }));

/** Longer than the longest backoff. */
const later = () => registry.passTime('2 hours');

async function removeArticle() {
  const photo = await registry.store();
  const id = await articles.publish(photo);
  await articles.remove(id);
  await registry.passTime('25 hours');
  return photo;
}

test('the storage fails: the transaction is not touched, the failure is recorded and retried', async () => {
  storage.onDelete = () => Promise.reject(new Error('the disk is on fire'));
  const photo = await registry.store();
  const id = await articles.publish(photo);
  await articles.remove(id);
  expect((await pool.query('select from article where id = $1', [id])).rows).toEqual([]);
  await registry.passTime('25 hours');

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 0, failed: 1, stuck: 0 });
  expect(await registry.deletion(photo)).toMatchObject({
    state: 'condemned',
    attempts: 1,
    last_error: 'the disk is on fire',
    lease_token: null,
  });
  expect(await files.find(photo), 'it is no file any more').toBeNull();
  expect(await media.files()).toEqual([photo.key]);

  storage.heal();
  await later();
  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 0 });
  expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted', attempts: 2, last_error: null });
  expect(await media.files()).toEqual([]);
});

test('the storage fails for one file of many: the others go', async () => {
  const [bad, good] = [await removeArticle(), await removeArticle()];
  storage.onDelete = async (objects, options) => {
    const possible = objects.filter((object) => object.key !== bad.key);
    const outcomes = await storage.real.delete(possible, options);
    return [...outcomes, { key: bad.key, error: { message: 'busy', permanent: false } }];
  };

  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 1 });
  expect(await registry.deletion(good)).toMatchObject({ state: 'deleted' });
  expect(await registry.deletion(bad)).toMatchObject({ state: 'condemned', last_error: 'busy' });
  storage.heal();
  await later();
  await processor.drain();
});

test('a failure that does not end is stuck in the end, visible, and retried on demand', async () => {
  storage.onDelete = () => Promise.reject(new Error('no permission'));
  const photo = await removeArticle();
  for (const stuck of [0, 0, 1]) {
    expect(await processor.drain()).toMatchObject({ failed: 1, stuck });
    await later();
  }
  expect(await processor.drain()).toMatchObject({ failed: 0, deleted: 0 });
  expect(await processor.stats()).toMatchObject({ stuck: 1 });

  storage.heal();
  expect(await processor.retryStuck()).toBe(1);
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  expect(await processor.stats()).toMatchObject({ stuck: 0 });
  expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted' });
});

test('the storage hides what it deleted: whoever says nothing of a file has not deleted it', async () => {
  storage.onDelete = async () => [];
  const photo = await removeArticle();

  // The first pause has jitter down to nothing, so that one drain may try it more than once.
  const drained = await processor.drain();
  expect(drained.deleted).toBe(0);
  expect(drained.failed).toBeGreaterThanOrEqual(1);
  expect(await registry.deletion(photo)).toMatchObject({ state: 'condemned' });
  storage.heal();
  await later();
  await processor.drain();
  expect(await media.files()).toEqual([]);
});

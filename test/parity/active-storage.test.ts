import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest({ processor: { maxAttempts: 3 } });
const { articles, registry } = parity;
const { files, pool, processor, storage, media } = registry;

/** Another process, which deletes without any grace. */
const hasty = await registry.another({ gracePeriodMs: 0 });
afterAll(() => hasty.module.close());

/** Longer than the longest backoff. */
const later = () => registry.passTime('25 hours');

async function removeArticle() {
  const photo = await registry.store();
  const id = await articles.publish(photo);
  await articles.remove(id);
  return photo;
}

describe('Active Storage', () => {
  describe('two records share a file', () => {
    test('deleting one keeps it, deleting the second lets it go', async () => {
      const photo = await registry.store();
      const [first, second] = [await articles.publish(photo), await articles.publish(photo)];

      await articles.remove(first);
      await parity.graceEnds();
      expect(await parity.isThere(photo)).toBe(true);
      expect(await articles.coverOf(second)).toBe(photo.id);

      await articles.remove(second);
      await processor.drain();
      expect(await parity.isThere(photo), 'the grace period begins with the last one').toBe(true);
      await parity.graceEnds();
      expect(await parity.isThere(photo)).toBe(false);
    });

    test('both are deleted at the same moment in two transactions: it goes, exactly once', async () => {
      const photo = await registry.store();
      const ids = [await articles.publish(photo), await articles.publish(photo)];
      const clients = [await registry.database.client(), await registry.database.client()];
      hasty.storage.reset();
      for (const [n, client] of clients.entries()) {
        await client.query('begin');
        await client.query('delete from article where id = $1', [ids[n]]);
        await files.in(client).detachAll({ type: 'article', id: ids[n] ?? 0 });
      }
      // Neither sees what the other has done, so neither may think that it is the last.
      await hasty.processor.drain();
      expect(await parity.isThere(photo)).toBe(true);

      await clients[0]?.query('commit');
      await hasty.processor.drain();
      expect(await parity.isThere(photo), 'the second may still roll back').toBe(true);
      await clients[1]?.query('commit');
      await registry.passTime('25 hours');
      await Promise.all([processor.drain(), hasty.processor.drain()]);

      expect(await parity.isThere(photo)).toBe(false);
      expect([...storage.keys, ...hasty.storage.keys]).toEqual([photo.key]);
      expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted', attempts: 1 });
    });

    test('one is published while the other is deleted: it stays', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      await articles.remove(id);
      await registry.passTime('25 hours');
      const client = await registry.database.client();
      await client.query('begin');
      await files.in(client).attach(photo, articles.cover(1_000_000));

      await processor.drain();
      await client.query('commit');
      await parity.graceEnds();

      expect(await parity.isThere(photo)).toBe(true);
      expect(await articles.coverOf(1_000_000)).toBe(photo.id);
    });
  });

  describe('the storage fails', () => {
    test('the transaction is not touched, the failure is recorded and retried', async () => {
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

      storage.reset();
      await later();
      expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 0 });
      expect(await registry.deletion(photo)).toMatchObject({
        state: 'deleted',
        attempts: 2,
        last_error: null,
      });
      expect(await media.files()).toEqual([]);
    });

    test('for one file of many: the others go', async () => {
      const [bad, good] = [await removeArticle(), await removeArticle()];
      storage.onDelete = async (objects, proceed) => {
        const outcomes = await proceed(objects.filter((object) => object.key !== bad.key));
        return [...outcomes, { key: bad.key, error: { message: 'busy', permanent: false } }];
      };
      await registry.passTime('25 hours');

      expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 1 });
      expect(await registry.deletion(good)).toMatchObject({ state: 'deleted' });
      expect(await registry.deletion(bad)).toMatchObject({ state: 'condemned', last_error: 'busy' });
      storage.reset();
      await later();
      await processor.drain();
      expect(await media.files()).toEqual([]);
    });

    test('without end: the deletion is stuck at last, visible, and retried on demand', async () => {
      storage.onDelete = () => Promise.reject(new Error('no permission'));
      const photo = await removeArticle();
      for (const stuck of [0, 0, 1]) {
        await later();
        expect(await processor.drain()).toMatchObject({ failed: 1, stuck });
      }
      await later();
      expect(await processor.drain()).toMatchObject({ failed: 0, deleted: 0 });
      expect(await processor.stats()).toMatchObject({ stuck: 1 });

      storage.reset();
      expect(await processor.retryStuck()).toBe(1);
      expect(await processor.drain()).toMatchObject({ deleted: 1 });
      expect(await processor.stats()).toMatchObject({ stuck: 0 });
      expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted' });
    });

    test('to say what it deleted: what it says nothing of is not deleted', async () => {
      storage.onDelete = async () => [];
      const photo = await removeArticle();
      await registry.passTime('25 hours');

      const drained = await processor.drain();
      expect(drained.deleted).toBe(0);
      expect(drained.failed).toBeGreaterThanOrEqual(1);
      expect(await registry.deletion(photo)).toMatchObject({ state: 'condemned' });
      storage.reset();
      await later();
      await processor.drain();
      expect(await media.files()).toEqual([]);
    });
  });

  describe('a name that is taken', () => {
    test('is never overwritten: the second upload gets another key', async () => {
      const [first, second] = await Promise.all([
        registry.store('first', 'same.txt'),
        registry.store('second', 'same.txt'),
      ]);
      const third = await registry.store('third', 'same.txt');

      expect(new Set([first.key, second.key, third.key]).size).toBe(3);
      const contents = [first, second, third].map(({ key }) => readFile(join(media.path, key), 'utf8'));
      expect(await Promise.all(contents)).toEqual(['first', 'second', 'third']);
      expect([first, second, third].map(({ filename }) => filename)).toEqual([
        'same.txt',
        'same.txt',
        'same.txt',
      ]);
    });

    test('is free again after its file went, and the next upload still gets another key', async () => {
      const first = await registry.store('first', 'same.txt');
      await parity.graceEnds();
      const second = await registry.store('second', 'same.txt');

      expect(await parity.isThere(first)).toBe(false);
      expect(second.key).not.toBe(first.key);
    });
  });
});

import { describe, expect, test } from 'vitest';
import { untilBlocked } from '../registry/until.js';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { articles, registry } = parity;
const { files, pool, db, processor } = registry;

describe('django-cleanup', () => {
  describe('the record is deleted', () => {
    test('its file goes when the grace period has ended, not before', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      // Settles the intent of the upload: from here on the file goes only where somebody lets it go.
      await parity.graceEnds();
      await articles.remove(id);

      await registry.passTime('23 hours');
      await processor.drain();
      expect(await parity.isThere(photo)).toBe(true);

      await parity.graceEnds();
      expect(await parity.isThere(photo)).toBe(false);
      expect(await registry.deletion(photo)).toMatchObject({
        state: 'deleted',
        reason: 'detached',
        last_owners: [{ type: 'article', id: String(id), slot: 'cover', detachedAt: expect.any(String) }],
      });
    });

    test('a bulk delete lets the files of every record go, and no others', async () => {
      const photos = await Promise.all(Array.from({ length: 25 }, () => registry.store()));
      for (const photo of photos) await articles.publish(photo, { title: 'old' });
      const kept = await registry.store();
      await articles.publish(kept, { title: 'new' });
      await parity.graceEnds();

      await articles.removeAllTitled('old');
      await parity.graceEnds();

      expect(await files.find(photos)).toEqual(photos.map(() => null));
      expect(await parity.isThere(kept)).toBe(true);
    });

    test('records that the database deletes by cascade let their files go, where the application says so', async () => {
      const { rows } = await pool.query(`insert into author (name) values ('Ada') returning id`);
      const photos = [await registry.store('1'), await registry.store('2')];
      for (const photo of photos) await articles.publish(photo, { authorId: rows[0].id });
      await parity.graceEnds();

      await articles.removeAuthor(rows[0].id);
      await parity.graceEnds();

      expect((await pool.query('select from article where author_id = $1', [rows[0].id])).rows).toEqual([]);
      expect(await files.find(photos)).toEqual([null, null]);
    });

    test('without a file, or with files that are gone already: no error', async () => {
      const bare = await articles.publish(null);
      await articles.remove(bare);
      await articles.remove(bare);

      expect(await articles.coverOf(bare)).toBeUndefined();
    });

    test('by two requests at once: the second waits, finds nothing, and the file goes', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      const [first, second] = [await registry.database.client(), await registry.database.client()];
      const pid = (await second.query('select pg_backend_pid() as pid')).rows[0].pid;
      await first.query('begin');
      await second.query('begin');
      expect(await files.in(first).detachAll({ type: 'article', id })).toEqual({ detached: 1 });
      const again = files.in(second).detachAll({ type: 'article', id });
      await untilBlocked(pool, pid);
      await first.query('commit');

      expect(await again).toEqual({ detached: 0 });
      await second.query('commit');
      await parity.graceEnds();
      expect(await parity.isThere(photo)).toBe(false);
    });

    test('in a transaction that rolls back: its file stays', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      const rolledBack = db.transaction().execute(async (trx) => {
        await files.in(trx).detachAll({ type: 'article', id });
        throw new Error('roll back');
      });

      await expect(rolledBack).rejects.toThrow('roll back');
      await parity.graceEnds();
      expect(await articles.coverOf(id)).toBe(photo.id);
      expect(await parity.isThere(photo)).toBe(true);
    });
  });

  describe('the default of a field is protected', () => {
    const protect = (file: { id: string }) => db.transaction().execute((trx) => files.in(trx).protect(file));

    test('it survives the delete of every record that has it', async () => {
      const picture = await registry.store('default');
      await protect(picture);
      const ids = [await articles.publish(picture), await articles.publish(picture)];
      for (const id of ids) await articles.remove(id);
      await parity.graceEnds();

      expect(await parity.isThere(picture)).toBe(true);
    });

    test('it survives being replaced, and going back to it', async () => {
      const [picture, own] = [await registry.store('default'), await registry.store('own')];
      await protect(picture);
      const id = await articles.publish(picture);
      await articles.save(id, { cover: own });
      await parity.graceEnds();
      expect(await parity.isThere(picture)).toBe(true);

      await articles.save(id, { cover: picture });
      await parity.graceEnds();
      expect(await parity.isThere(own)).toBe(false);
      expect(await articles.coverOf(id)).toBe(picture.id);
    });

    test('it survives before any record has it, and goes once it is no default any more', async () => {
      const picture = await registry.store('default');
      await protect(picture);
      await registry.passTime('10 years');
      await processor.drain();
      expect(await parity.isThere(picture)).toBe(true);

      await db.transaction().execute((trx) => files.in(trx).unprotect(picture));
      await processor.drain();
      expect(await parity.isThere(picture), 'with a grace period of its own').toBe(true);
      await parity.graceEnds();
      expect(await parity.isThere(picture)).toBe(false);
    });
  });
});

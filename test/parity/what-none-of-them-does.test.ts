import { text } from 'node:stream/consumers';
import type { FileTransaction, StoredFile } from 'nestjs-file-registry';
import { afterAll, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { articles, registry } = parity;
const { files, pool, db, processor } = registry;

/** Two more processes, which delete without any grace. */
const hasty = [await registry.another({ gracePeriodMs: 0 }), await registry.another({ gracePeriodMs: 0 })];
afterAll(() => Promise.all(hasty.map(({ module }) => module.close())));

function inTransaction<Result>(work: (files: FileTransaction) => Promise<Result>): Promise<Result> {
  return db.transaction().execute((trx) => work(files.in(trx)));
}

const drainHastily = () => Promise.all(hasty.map((other) => other.processor.drain()));
const intentsOf = async (file: StoredFile) => (await registry.intents(file)).map(({ reason }) => reason);

describe('what none of them does', () => {
  describe('references are counted under concurrency', () => {
    test('twenty transactions attach one file at once: each counts, and none waits for another', async () => {
      const photo = await registry.store();
      const clients = await Promise.all(Array.from({ length: 20 }, () => registry.database.begun()));
      await Promise.all(
        clients.map((client, id) => files.in(client).attach(photo, { type: 'article', id, slot: 'cover' })),
      );
      await Promise.all(clients.map((client, n) => client.query(n % 2 === 0 ? 'commit' : 'rollback')));
      expect(await files.count(photo)).toBe(10);
      await Promise.all(clients.map((client) => client.end()));
    });

    test('records come and go while two processors delete without grace: nothing referenced goes', async () => {
      const shared = await registry.store('shared');
      const own = await Promise.all(Array.from({ length: 4 }, (_, n) => registry.store(`own ${n}`)));
      const anchor = await articles.publish(shared);
      let going = true;
      const deleting = hasty.map(async (other) => {
        while (going) await other.processor.drain();
      });
      const writers = own.map(async (photo) => {
        const id = await articles.publish(photo);
        for (let round = 0; round < 15; round++) {
          await articles.save(id, { cover: shared });
          // Whoever took a file away and is late learns that it went; what is attached is there.
          await articles.save(id, { cover: photo }).catch((error: { code: string }) => {
            if (error.code !== 'FILE_CONDEMNED') throw error;
          });
          const cover = await articles.coverOf(id);
          expect(cover).toBeDefined();
          expect(await files.find(cover ?? '')).not.toBeNull();
          expect(await text(await files.read(shared))).toBe('shared');
        }
        await articles.remove(id);
      });
      // Every writer is waited for, and the processors end in any case: what they do would fail the tests behind this one.
      const written = await Promise.allSettled(writers);
      going = false;
      await Promise.all(deleting);
      expect(written.filter(({ status }) => status === 'rejected')).toEqual([]);

      expect(await files.count(shared)).toBe(1);
      expect(await articles.coverOf(anchor)).toBe(shared.id);
      await parity.graceEnds();
      expect(await files.find(own)).toEqual([null, null, null, null]);
      expect(await parity.isThere(shared)).toBe(true);
    });
  });

  describe('the outbox is in the transaction of the application', () => {
    test('an intent is seen by nobody before the commit, and by the processor after it', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      await parity.graceEnds();
      const client = await registry.database.begun();
      await files.in(client).detachAll({ type: 'article', id });
      expect(await intentsOf(photo)).toEqual([]);
      await drainHastily();
      expect(await parity.isThere(photo)).toBe(true);

      await client.query('commit');
      expect(await intentsOf(photo)).toEqual(['detached']);
      await drainHastily();
      expect(await parity.isThere(photo)).toBe(false);
    });

    test('and none is left of a transaction that rolled back, nor of a savepoint', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      await parity.graceEnds();
      const client = await registry.database.begun();
      await client.query('savepoint before');
      await files.in(client).detachAll({ type: 'article', id });
      await client.query('rollback to before; commit');
      expect(await intentsOf(photo)).toEqual([]);

      await client.query('begin');
      await files.in(client).detachAll({ type: 'article', id });
      await client.query('rollback');
      expect(await intentsOf(photo)).toEqual([]);
      await drainHastily();
      expect(await articles.coverOf(id)).toBe(photo.id);
    });
  });

  describe('grace is counted from the last detach', () => {
    test('each attach ends it, each detach begins it anew', async () => {
      const photo = await registry.store();
      for (let round = 0; round < 3; round++) {
        await articles.remove(await articles.publish(photo));
        await registry.passTime('20 hours');
        await processor.drain();
        expect(await parity.isThere(photo), `round ${round}`).toBe(true);
      }
      await registry.passTime('3 hours');
      await processor.drain();
      expect(await parity.isThere(photo), '23 hours after the last one').toBe(true);
      await registry.passTime('2 hours');
      await processor.drain();
      expect(await parity.isThere(photo)).toBe(false);
    });
  });

  describe('undo', () => {
    test('restores bytes and references, of a record and of a file', async () => {
      const photo = await registry.store('bytes of it');
      const [first, second] = [await articles.publish(photo), await articles.publish(photo)];
      await articles.remove(first);
      await articles.remove(second);
      await registry.passTime('23 hours');
      await processor.drain();

      expect(await inTransaction((trx) => trx.restore({ type: 'article', id: first }))).toEqual({
        restored: 1,
      });
      expect(await inTransaction((trx) => trx.restore(photo))).toEqual({ restored: 1 });
      await parity.graceEnds();
      expect([await articles.coverOf(first), await articles.coverOf(second)]).toEqual([photo.id, photo.id]);
      expect(Buffer.concat(await (await files.read(photo)).toArray()).toString()).toBe('bytes of it');
    });

    test('comes too late once the file is condemned, and says so', async () => {
      const photo = await registry.store();
      await articles.remove(await articles.publish(photo));
      await parity.graceEnds();
      await expect(inTransaction((trx) => trx.restore(photo))).rejects.toMatchObject({
        code: 'FILE_CONDEMNED',
      });
    });
  });

  describe('explain', () => {
    test('says who holds a file, when it will go, and why it went', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      expect(await files.explain(photo)).toMatchObject({
        state: 'held',
        refCount: 1,
        references: [{ type: 'article', id: String(id), slot: 'cover' }],
        text: expect.stringContaining(`article/${id}/cover`),
      });

      await parity.graceEnds();
      await articles.remove(id);
      const waiting = await files.explain(photo);
      expect(waiting).toMatchObject({ state: 'waiting', intents: [{ reason: 'detached' }] });
      const [intent] = waiting.intents;
      expect((intent?.dueAt?.getTime() ?? 0) - (intent?.notedAt.getTime() ?? 0)).toBe(24 * 60 * 60 * 1000);

      await parity.graceEnds();
      expect(await files.explain(photo)).toMatchObject({
        state: 'gone',
        text: expect.stringContaining(`last held by article/${id}/cover`),
      });
    });
  });

  describe('receipts', () => {
    test('say what went, when, why, from whom and after how many attempts, until their retention ends', async () => {
      const photo = await registry.store('bytes', 'photo.jpg');
      const id = await articles.publish(photo);
      await articles.remove(id);
      registry.storage.onDelete = () => Promise.reject(new Error('busy'));
      await parity.graceEnds();
      registry.storage.reset();
      await parity.graceEnds();

      const { lastOwners, ...deletion } = (await files.explain(photo)).deletion ?? {};
      expect(deletion).toMatchObject({ state: 'deleted', reason: 'detached', attempts: 2, key: photo.key });
      expect(deletion).toMatchObject({ condemnedAt: expect.any(Date), deletedAt: expect.any(Date) });
      expect(lastOwners).toMatchObject([{ type: 'article', id: String(id), slot: 'cover' }]);

      await registry.passTime('28 days');
      expect(await processor.drain()).toMatchObject({ prunedReceipts: 0 });
      await registry.passTime('2 days');
      expect(await processor.drain()).toMatchObject({ prunedReceipts: 1 });
      expect(await files.explain(photo)).toMatchObject({ state: 'unknown', deletion: null });
    });
  });

  describe('a legal hold', () => {
    test('keeps a file whoever lets it go, refuses to erase it, and ends with its release', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      await inTransaction((trx) => trx.hold(photo, 'case 4711'));
      await articles.remove(id);
      await registry.passTime('10 years');
      await processor.drain();
      expect(await parity.isThere(photo)).toBe(true);
      await expect(inTransaction((trx) => trx.erase(photo))).rejects.toMatchObject({ code: 'FILE_HELD' });
      expect(await parity.isThere(photo)).toBe(true);

      await inTransaction((trx) => trx.release(photo, 'case 4711'));
      await parity.graceEnds();
      expect(await parity.isThere(photo)).toBe(false);
    });
  });

  describe('raw SQL cannot go round it', () => {
    test('a row of a file is not deleted while anybody holds it, and its bytes are due where nobody does', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      const remove = () => pool.query('delete from file_registry.files where id = $1', [photo.id]);
      await expect(remove()).rejects.toMatchObject({ code: expect.stringMatching(/^23/) });
      expect(await articles.coverOf(id)).toBe(photo.id);

      await articles.remove(id);
      await remove();
      expect(await registry.deletion(photo)).toMatchObject({ state: 'condemned' });
      await processor.drain();
      expect(await parity.isThere(photo)).toBe(false);
    });
  });
});

import type { StoredFile } from 'nestjs-file-registry';
import { beforeEach, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { articles, registry } = parity;
const { files, pool, db, processor } = registry;

let old: StoredFile;
let id: number;

beforeEach(async () => {
  old = await registry.store('old');
  id = await articles.publish(old);
  // Settles the intent of the upload: from here on the file goes only where somebody lets it go.
  await parity.graceEnds();
});

describe('django-cleanup', () => {
  describe('the file of a record is replaced', () => {
    test('by another: the old one goes, the new one stays', async () => {
      const fresh = await registry.store('new');
      await articles.save(id, { cover: fresh });
      await parity.graceEnds();

      expect(await parity.isThere(old)).toBe(false);
      expect(await parity.isThere(fresh)).toBe(true);
      expect(await articles.coverOf(id)).toBe(fresh.id);
    });

    test.for([
      ['nothing', null],
      ['blank', ''],
    ])('by %s: the old one goes', async ([, cover]) => {
      await articles.save(id, { cover: cover ?? null });
      await parity.graceEnds();

      expect(await parity.isThere(old)).toBe(false);
      expect(await articles.coverOf(id)).toBeUndefined();
    });

    test('that had none: its first one stays', async () => {
      const bare = await articles.publish(null);
      const first = await registry.store('first');
      await articles.save(bare, { cover: first });
      await parity.graceEnds();

      expect(await parity.isThere(first)).toBe(true);
    });

    test('while another record shares it: it stays', async () => {
      const second = await articles.publish(old);
      await articles.save(id, { cover: await registry.store('new') });
      await parity.graceEnds();

      expect(await parity.isThere(old)).toBe(true);
      expect(await articles.coverOf(second)).toBe(old.id);
    });

    test('and comes back within the grace period: it stays', async () => {
      const fresh = await registry.store('new');
      await articles.save(id, { cover: fresh });
      await registry.passTime('20 hours');
      await processor.drain();
      await articles.save(id, { cover: old });
      await parity.graceEnds();

      expect(await parity.isThere(old)).toBe(true);
      expect(await parity.isThere(fresh)).toBe(false);
    });
  });

  describe('nothing changes, and nothing goes', () => {
    test('when the file is replaced by itself, of which nothing is noted', async () => {
      await articles.save(id, { cover: old });
      const { rows } = await pool.query(
        `select from file_registry.deletion_outbox where file_id = $1 and reason = 'detached'`,
        [old.id],
      );
      expect(rows).toEqual([]);

      await parity.graceEnds();
      expect(await parity.isThere(old)).toBe(true);
    });

    test('when the record is saved without a change of its file', async () => {
      await articles.save(id, { title: 'Better news' });
      await parity.graceEnds();

      expect(await parity.isThere(old)).toBe(true);
      expect(await articles.coverOf(id)).toBe(old.id);
    });
  });

  describe('the replacement does not come to pass: the old file stays, the new one goes by itself', () => {
    test('when the save fails afterwards', async () => {
      const fresh = await registry.store('new');

      await expect(articles.save(id, { cover: fresh, title: 'refused' })).rejects.toThrow('check constraint');
      expect(await articles.coverOf(id)).toBe(old.id);

      await parity.graceEnds();
      expect(await parity.isThere(old)).toBe(true);
      expect(await parity.isThere(fresh)).toBe(false);
      expect(await registry.deletion(fresh)).toMatchObject({ reason: 'stored' });
    });

    test('when the transaction rolls back', async () => {
      const fresh = await registry.store('new');
      const rolledBack = db.transaction().execute(async (trx) => {
        expect(await files.in(trx).replace(articles.cover(id), fresh)).toEqual({ attached: 1, detached: 1 });
        throw new Error('roll back');
      });

      await expect(rolledBack).rejects.toThrow('roll back');
      await parity.graceEnds();
      expect(await articles.coverOf(id)).toBe(old.id);
      expect(await parity.isThere(old)).toBe(true);
      expect(await parity.isThere(fresh)).toBe(false);
    });

    test('when the connection is lost before the commit', async () => {
      const fresh = await registry.store('new');
      const client = await registry.database.client();
      const { rows } = await client.query('select pg_backend_pid() as pid');
      await client.query('begin');
      await files.in(client).replace(articles.cover(id), fresh);
      await pool.query('select pg_terminate_backend($1, 5000)', [rows[0].pid]);
      await parity.graceEnds();

      expect(await articles.coverOf(id)).toBe(old.id);
      expect(await parity.isThere(old)).toBe(true);
      expect(await parity.isThere(fresh)).toBe(false);
    });
  });
});

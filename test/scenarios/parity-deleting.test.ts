/**
 * What systems before this one do when a record is deleted, as they behave with verbs that the application calls. Left to
 * tracked columns: cascades, other models, partial loads and raw SQL that nobody tells the registry of, and record types left
 * out or taken in. Left to protection: a file that is the default of a field. Left to hooks: telling application code before
 * and after each deletion.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, OutboxProcessor, type StoredFile } from 'nestjs-file-registry';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { FaultyStorage } from '../registry/faulty-storage.js';
import { untilBlocked } from '../registry/until.js';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { Articles } from './articles.js';

const media = await createTemporaryFolder('media');
const storage = new FaultyStorage(media.path);
const registry = await createTestRegistry({ storages: { media: storage } });
const { files, pool, db, processor } = registry;
await Articles.createTables(pool);
const articles = new Articles(db, files);

/** Another process, which deletes without any grace. */
const hasty = await Test.createTestingModule({
  imports: [
    FileRegistryModule.forRoot({
      database: registry.database.kysely(),
      storages: { media: storage },
      gracePeriodMs: 0,
      processor: { enabled: false },
    }),
  ],
}).compile();
afterAll(() => hasty.close());

let deletedKeys: string[];

beforeEach(() => {
  deletedKeys = [];
  storage.onDelete = (objects, options) => {
    deletedKeys.push(...objects.map((object) => object.key));
    return storage.real.delete(objects, options);
  };
});
afterEach(() => assertLaws({ admin: pool, storages: { media: media.path } }));

async function graceEnds(): Promise<void> {
  await registry.passTime('25 hours');
  await processor.drain();
}

async function isThere(file: StoredFile): Promise<boolean> {
  const bytes = (await media.files()).includes(file.key);
  expect((await files.find(file)) !== null, 'row and bytes agree').toBe(bytes);
  return bytes;
}

test('the record is deleted: its file goes when the grace period has ended, not before', async () => {
  const photo = await registry.store();
  const id = await articles.publish(photo);
  await articles.remove(id);

  await registry.passTime('23 hours');
  await processor.drain();
  expect(await isThere(photo)).toBe(true);

  await graceEnds();
  expect(await isThere(photo)).toBe(false);
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

  await articles.removeAllTitled('old');
  await graceEnds();

  expect(await files.find(photos)).toEqual(photos.map(() => null));
  expect(await isThere(kept)).toBe(true);
});

test('records that the database deletes by cascade let their files go, where the application says so', async () => {
  const { rows } = await pool.query(`insert into author (name) values ('Ada') returning id`);
  const photos = [await registry.store('1'), await registry.store('2')];
  for (const photo of photos) await articles.publish(photo, { authorId: rows[0].id });

  await articles.removeAuthor(rows[0].id);
  await graceEnds();

  expect((await pool.query('select from article where author_id = $1', [rows[0].id])).rows).toEqual([]);
  expect(await files.find(photos)).toEqual([null, null]);
});

test('the transaction of the delete rolls back: the file stays', async () => {
  const photo = await registry.store();
  const id = await articles.publish(photo);
  const rolledBack = db.transaction().execute(async (trx) => {
    await files.in(trx).detachAll({ type: 'article', id });
    throw new Error('roll back');
  });

  await expect(rolledBack).rejects.toThrow('roll back');
  await graceEnds();
  expect(await articles.coverOf(id)).toBe(photo.id);
  expect(await isThere(photo)).toBe(true);
});

test('two records share a file: deleting one keeps it, deleting the second lets it go', async () => {
  const photo = await registry.store();
  const [first, second] = [await articles.publish(photo), await articles.publish(photo)];

  await articles.remove(first);
  await graceEnds();
  expect(await isThere(photo)).toBe(true);
  expect(await articles.coverOf(second)).toBe(photo.id);

  await articles.remove(second);
  await processor.drain();
  expect(await isThere(photo), 'the grace period begins with the last one').toBe(true);
  await graceEnds();
  expect(await isThere(photo)).toBe(false);
});

test('both records that share a file are deleted at the same moment: it goes, exactly once', async () => {
  const photo = await registry.store();
  const ids = [await articles.publish(photo), await articles.publish(photo)];
  const clients = [await registry.database.client(), await registry.database.client()];
  for (const [n, client] of clients.entries()) {
    await client.query('begin');
    await client.query('delete from article where id = $1', [ids[n]]);
    await files.in(client).detachAll({ type: 'article', id: ids[n] ?? 0 });
  }
  // Neither sees what the other has done, so neither may think that it is the last.
  await hasty.get(OutboxProcessor).drain();
  expect(await isThere(photo)).toBe(true);

  await clients[0]?.query('commit');
  await hasty.get(OutboxProcessor).drain();
  expect(await isThere(photo), 'the second may still roll back').toBe(true);
  await clients[1]?.query('commit');
  await registry.passTime('25 hours');
  await Promise.all([processor.drain(), hasty.get(OutboxProcessor).drain()]);

  expect(await isThere(photo)).toBe(false);
  expect(deletedKeys).toEqual([photo.key]);
  expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted', attempts: 1 });
});

test('a record that shares the file is published while the other is deleted: it stays', async () => {
  const photo = await registry.store();
  const id = await articles.publish(photo);
  await articles.remove(id);
  await registry.passTime('25 hours');
  const client = await registry.database.client();
  await client.query('begin');
  await files.in(client).attach(photo, articles.cover(1_000_000));

  await processor.drain();
  await client.query('commit');
  await graceEnds();

  expect(await isThere(photo)).toBe(true);
  expect(await articles.coverOf(1_000_000)).toBe(photo.id);
});

test('one record is deleted by two requests at once: the second waits, finds nothing, and the file goes', async () => {
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
  await graceEnds();
  expect(await isThere(photo)).toBe(false);
});

test('the file is already missing in storage: no error, the row is settled', async () => {
  const photo = await registry.store();
  const id = await articles.publish(photo);
  await articles.remove(id);
  await rm(join(media.path, photo.key));
  await registry.passTime('25 hours');

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1, failed: 0 });
  expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted', last_error: null });
});

test('a record without a file, and one whose files are gone already, are deleted without an error', async () => {
  const bare = await articles.publish(null);
  await articles.remove(bare);
  await articles.remove(bare);

  expect(await articles.coverOf(bare)).toBeUndefined();
});

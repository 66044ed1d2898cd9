import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { createOrdinaryDatabase, tables } from './support/ordinary-database.js';
import { OrdinaryRegistry } from './support/ordinary-registry.js';

const { database, application, admin } = await createOrdinaryDatabase();
const registry = await OrdinaryRegistry.boot({ pool: database.pool({ role: application }), admin });
const { files, processor, db } = registry;

const article = { type: 'article', id: '1', slot: 'cover' };

beforeEach(() => registry.empty());

test('a stored file is found, read whole and in part, and waits for its first owner', async () => {
  const file = await files.store(Buffer.from('hello world'), {
    filename: 'naïve “photo”.jpg',
    metadata: { tags: ['ü', null, 1] },
  });

  expect(file).toMatchObject({ storage: 'media', contentType: 'image/jpeg', size: 11 });
  expect(await files.find([file])).toEqual([file]);
  expect(Buffer.concat(await (await files.read(file)).toArray()).toString()).toBe('hello world');
  expect(Buffer.concat(await (await files.read(file, { start: 6, end: 8 })).toArray()).toString()).toBe(
    'wor',
  );
  expect(await processor.stats()).toMatchObject({ pending: 1, due: 0, reserved: 0 });
  await registry.assertLaws();

  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.rows('deletions', file)).toMatchObject([{ state: 'deleted', reason: 'stored' }]);
  await registry.assertLaws();
});

test('a file goes when its last owner has left it for the grace period, and its receipt after its retention', async () => {
  const file = await registry.store();
  await registry.attach(file, article);
  await registry.attach(file, { ...article, id: '2' });
  await registry.detach(file, article);
  await registry.passTime('25 hours');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);

  await registry.detach(file, { ...article, id: '2' });
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);
  expect(await processor.stats()).toMatchObject({ pending: 1, due: 0, oldestDueAgeMs: null });

  await registry.passTime('25 hours');
  expect(await processor.stats()).toMatchObject({ pending: 1, due: 1, oldestDueAgeMs: expect.any(Number) });
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.hasBytes(file)).toBe(false);
  expect(await registry.rows('deletions', file)).toMatchObject([
    { state: 'deleted', reason: 'detached', attempts: 1, last_owners: [{ type: 'article', id: '2' }] },
  ]);
  await expect(registry.attach(file, article)).rejects.toMatchObject({ code: 'FILE_CONDEMNED' });
  await registry.assertLaws();

  await registry.passTime('31 days');
  expect(await processor.drain()).toMatchObject({ prunedReceipts: 1 });
  expect(await registry.rows('deletions', file)).toEqual([]);
});

test('an attach that rolls back leaves its file to go by itself', async () => {
  const file = await registry.store();
  const saving = db.transaction().execute(async (trx) => {
    await files.in(trx).attach(file, article);
    throw new Error('the article was refused');
  });

  await expect(saving).rejects.toThrow('the article was refused');
  expect(await files.count(file)).toBe(0);
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  await registry.assertLaws();
});

test('a replaced file goes, one replaced by itself stays', async () => {
  const [old, young] = [await registry.store('old'), await registry.store('young')];
  const replace = (by: typeof old | null) =>
    db.transaction().execute((trx) => files.in(trx).replace(article, by));

  expect(await replace(old)).toEqual({ attached: 1, detached: 0 });
  expect(await replace(old)).toEqual({ attached: 0, detached: 0 });
  expect(await replace(young)).toEqual({ attached: 1, detached: 1 });
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  expect(await registry.media.files()).toEqual([young.key]);

  expect(await replace(null)).toEqual({ attached: 0, detached: 1 });
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  await registry.assertLaws();
});

test('owners, files and counts are answered in batches and pages', async () => {
  const [a, b] = [await registry.store('a'), await registry.store('b')];
  // The order is that of bytes, not of a language: Z before a.
  const ids = ['Z', 'a', 'ä', 'b', '10'];
  await db.transaction().execute(async (trx) => {
    await files.in(trx).attachMany(ids.map((id) => ({ file: a, owner: { ...article, id } })));
    await files.in(trx).attach(b, { ...article, id: 'Z', slot: 'gallery' });
  });

  expect(await files.count([a, b])).toEqual([5, 1]);
  const held = await files.filesOf([
    { type: 'article', id: 'Z' },
    { type: 'article', id: 'nobody' },
    { type: 'article', id: 'ä', slot: 'cover' },
  ]);
  expect(held.map((list) => list.map(({ id, slot }) => [id, slot]))).toEqual([
    [
      [a.id, 'cover'],
      [b.id, 'gallery'],
    ],
    [],
    [[a.id, 'cover']],
  ]);

  const first = await files.references(a, { limit: 3 });
  const second = await files.references(a, { limit: 3, after: first.at(-1) });
  expect([...first, ...second].map(({ id }) => id)).toEqual(['10', 'Z', 'a', 'b', 'ä']);

  const detachAll = (id: string) =>
    db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'article', id }));
  expect(await detachAll('Z')).toEqual({ detached: 2 });
  expect(await detachAll('Z')).toEqual({ detached: 0 });
  await registry.assertLaws();
});

test('an upload that fails, and one whose process died, are taken back', async () => {
  const failing = Readable.from(
    (function* () {
      yield Buffer.from('half of it');
      throw new Error('the client went away');
    })(),
  );
  await expect(files.store(failing, { filename: 'a.bin' })).rejects.toMatchObject({ code: 'UPLOAD_FAILED' });

  // A process that dies in mid-write leaves its reservation and whatever bytes there are.
  const dead = '0190aaaa-0000-7000-8000-000000000001';
  const key = `2026/${dead}.bin`;
  await database
    .pool({ role: application })
    .query(`select ${tables}.reserve($1, 'media', $2, 'a.bin', 3600000)`, [dead, key]);
  await writeInto(key, 'the other half');
  expect(await processor.stats()).toMatchObject({ reserved: 1 });
  await registry.assertLaws();

  await registry.passTime('2 hours');
  await processor.drain();
  expect(await registry.media.files()).toEqual([]);
  expect(await registry.rows('deletions', { id: dead })).toMatchObject([{ state: 'abandoned' }]);

  // Deleted a second time, because a stalled write may land late.
  await writeInto(key, 'the other half');
  await registry.passTime('2 hours');
  await processor.drain();
  expect(await registry.media.files()).toEqual([]);
  expect(await registry.rows('deletions', { id: dead })).toMatchObject([{ state: 'deleted' }]);
  await registry.assertLaws();
});

test('a deletion that storage refuses is stuck until it is retried', async () => {
  const file = await registry.store();
  await registry.passTime('25 hours');
  registry.refuseDeletions = true;

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 0, failed: 1, stuck: 1 });
  expect(await processor.stats()).toMatchObject({ condemned: 1, stuck: 1 });
  expect(await registry.rows('deletions', file)).toMatchObject([{ last_error: 'refused' }]);
  await registry.assertLaws();

  registry.refuseDeletions = false;
  expect(await processor.drain()).toMatchObject({ deleted: 0 });
  expect(await processor.retryStuck('media')).toBe(1);
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  expect(await processor.stats()).toMatchObject({ condemned: 0, stuck: 0, receipts: 1 });
  await registry.assertLaws();
});

test('renditions go with their original, one that something else holds stays', async () => {
  const original = await registry.store('original');
  const [small, large] = [await registry.store('small'), await registry.store('large')];
  await registry.attach(original, article);
  await registry.attach(large, { ...article, id: '2' });
  await admin.query(
    `insert into ${tables}.file_references (file_id, owner_type, owner_id, slot)
     values ($1, 'file', $3, 'size=100'), ($2, 'file', $3, 'size=1000')`,
    [small.id, large.id, original.id],
  );
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 0, deleted: 0 });

  await registry.detach(original, article);
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 2, deleted: 2 });
  expect(await registry.media.files()).toEqual([large.key]);
  expect(await registry.rows('deletions', small)).toMatchObject([{ reason: 'original' }]);
  await registry.assertLaws();
});

async function writeInto(key: string, bytes: string): Promise<void> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

test('undo, protection, holds, erasure, pausing and verifying work for the ordinary roles, too', async () => {
  const file = await registry.store();
  await registry.attach(file, article);
  await registry.detach(file, article);
  await db.transaction().execute(async (trx) => {
    expect(await files.in(trx).restore(article)).toEqual({ restored: 1 });
    await files.in(trx).protect(file);
    await files.in(trx).hold(file, 'matter');
    await expect(files.in(trx).erase(file)).rejects.toMatchObject({ code: 'FILE_HELD' });
    await files.in(trx).release(file);
    expect(await files.in(trx).erase(file, { redact: true })).toMatchObject({ erased: [{ id: file.id }] });
  });

  await processor.pause();
  expect(await processor.drain()).toMatchObject({ obstacle: 'paused', deleted: 0 });
  await processor.resume();
  await processor.takeOwnership();
  expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
  expect(await files.explain(file)).toMatchObject({ state: 'gone', deletion: { reason: 'erased' } });
  expect(await processor.stats()).toMatchObject({ own: true, warnings: [] });
  expect(await processor.verify()).toMatchObject({ violations: [] });
  await registry.assertLaws();
});

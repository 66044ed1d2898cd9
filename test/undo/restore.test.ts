import type { StoredFile } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { addRendition } from './support/add-rendition.js';

const registry = await createTestRegistry();
const { files, processor, db } = registry;

test('restoring a file puts back every reference that its pending intents remember', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.attach(file, '2', 'gallery');
  await registry.detach(file, '1');
  await registry.detach(file, '2', 'gallery');

  const result = await db.transaction().execute((trx) => files.in(trx).restore(file));

  expect(result).toEqual({ restored: 2 });
  expect(await files.references(file)).toMatchObject([
    { type: 'article', id: '1', slot: 'cover' },
    { type: 'article', id: '2', slot: 'gallery' },
  ]);
  await registry.passTime('25 hours');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('restoring an owner puts back what it held, in all slots or in one', async () => {
  const [cover, other] = [await registry.store(), await registry.store()];
  await registry.attach(cover, '10');
  await registry.attach(other, '10', 'gallery');
  await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'article', id: '10' }));

  await db
    .transaction()
    .execute((trx) => files.in(trx).restore({ type: 'article', id: '10', slot: 'gallery' }));
  expect(await files.filesOf({ type: 'article', id: '10' })).toMatchObject([
    { id: other.id, slot: 'gallery' },
  ]);

  await db.transaction().execute((trx) => files.in(trx).restore({ type: 'article', id: '10' }));
  expect(await files.filesOf({ type: 'article', id: '10' })).toHaveLength(2);
});

test('an owner that was never seen has nothing to restore', async () => {
  const restore = db.transaction().execute((trx) => files.in(trx).restore({ type: 'article', id: 'nobody' }));
  expect(await restore).toEqual({ restored: 0 });
});

test('a condemned file cannot be restored, and the transaction stays usable', async () => {
  const file = await registry.store();
  await registry.passTime('25 hours');
  await processor.drain();

  await db.transaction().execute(async (trx) => {
    await expect(files.in(trx).restore(file)).rejects.toMatchObject({ code: 'FILE_CONDEMNED' });
    await expect(files.in(trx).detachAll({ type: 'article', id: '11' })).resolves.toEqual({ detached: 0 });
  });
});

test('a restore that is rolled back restores nothing', async () => {
  const file = await registry.store();
  await registry.attach(file, '12');
  await registry.detach(file, '12');

  await expect(
    db.transaction().execute(async (trx) => {
      await files.in(trx).restore(file);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  expect(await files.count(file)).toBe(0);
});

test('a rendition whose original is now made from it is left out, and the transaction stays usable', async () => {
  const [one, other] = [await registry.store(), await registry.store()];
  await addRendition(registry.pool, one, other, 'small');
  await registry.attach(other, '13');
  await registry.detach(other, '13');
  await registry.pool.query('delete from file_registry.file_references where file_id = $1', [other.id]);
  await addRendition(registry.pool, other, one, 'small');

  expect(await db.transaction().execute((trx) => files.in(trx).restore(other))).toEqual({ restored: 1 });
  expect(await files.references(other)).toMatchObject([{ type: 'article', id: '13' }]);
  await registry.assertLaws();
});

const letGoOf = (original: StoredFile) =>
  registry.pool.query('select file_registry.detach_renditions(array[$1]::uuid[], null, null, null)', [
    original.id,
  ]);

test('of two renditions by one spec the one that was let go last is put back', async () => {
  const [original, older, newer] = [await registry.store(), await registry.store(), await registry.store()];
  await registry.attach(original, '14');
  for (const rendition of [newer, older, newer]) {
    await addRendition(registry.pool, original, rendition, 'small');
    await letGoOf(original);
  }

  expect(await db.transaction().execute((trx) => files.in(trx).restore([older, newer]))).toEqual({
    restored: 1,
  });
  expect(await files.renditions(original)).toMatchObject([{ id: newer.id }]);
});

test('of renditions that would hold each other the one that was let go last is put back', async () => {
  const [one, other] = [await registry.store(), await registry.store()];
  for (const [original, rendition] of [
    [one, other],
    [other, one],
  ] as const) {
    await registry.attach(original, '15');
    await addRendition(registry.pool, original, rendition, 'small');
    await letGoOf(original);
  }
  await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'article', id: '15' }));

  expect(await db.transaction().execute((trx) => files.in(trx).restore([one, other]))).toEqual({
    restored: 3,
  });
  expect(await files.renditions(other)).toMatchObject([{ id: one.id }]);
  expect(await files.renditions(one)).toEqual([]);
  await registry.assertLaws();
});

test('above READ COMMITTED renditions are not restored, and the error says so', async () => {
  const [original, rendition] = [await registry.store(), await registry.store()];
  await addRendition(registry.pool, original, rendition, 'small');
  await letGoOf(original);
  const session = await registry.database.begun('repeatable read');
  await expect(
    session.query('select file_registry.restore(array[$1]::uuid[], null, null, null)', [rendition.id]),
  ).rejects.toMatchObject({ code: '0A000', message: 'renditions can be restored in READ COMMITTED only' });
  await session.query('rollback');
});

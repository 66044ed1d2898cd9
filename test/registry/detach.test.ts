import { randomUUID } from 'node:crypto';
import type { OwnerSelector, StoredFile } from 'nestjs-file-registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;

let id: string;
let one: StoredFile;
let two: StoredFile;

beforeEach(async () => {
  id = randomUUID();
  [one, two] = [await registry.store('one'), await registry.store('two')];
  await registry.attach(one, id, 'gallery');
  await registry.attach(two, id, 'gallery');
  await registry.attach(one, id, 'cover');
});
afterEach(() => registry.assertLaws());

const gallery = () => ({ type: 'article', id, slot: 'gallery' });
const detachAll = (owner: OwnerSelector | readonly OwnerSelector[]) =>
  db.transaction().execute((trx) => files.in(trx).detachAll(owner));

async function intents(file: StoredFile) {
  return registry.tables
    .selectFrom('deletion_outbox')
    .select(['reason', 'owner_type', 'owner_id', 'slot'])
    .where('file_id', '=', file.id)
    .where('reason', '<>', 'stored')
    .orderBy('seq')
    .execute();
}

test('detaching drops one reference and notes who held it; detaching again changes nothing', async () => {
  const detach = () => db.transaction().execute((trx) => files.in(trx).detach(one, gallery()));

  expect(await detach()).toEqual({ detached: 1 });
  const noted = [{ reason: 'detached', owner_type: 'article', owner_id: id, slot: 'gallery' }];
  expect(await intents(one)).toEqual(noted);
  expect(await detach()).toEqual({ detached: 0 });
  expect(await intents(one)).toEqual(noted);
  expect(await files.count(one)).toBe(1);
});

test('a list detaches what the slot holds of it', async () => {
  await db.transaction().execute(async (trx) => {
    const list = [two, one, one.id.toUpperCase(), randomUUID(), two];
    expect(await files.in(trx).detach(list, gallery())).toEqual({ detached: 2 });
    expect(await files.in(trx).detach([], gallery())).toEqual({ detached: 0 });
  });

  expect((await files.filesOf({ type: 'article', id })).map((file) => file.slot)).toEqual(['cover']);
});

test('detaching a file that does not exist, or from somebody who never held it, changes nothing', async () => {
  await db.transaction().execute(async (trx) => {
    expect(await files.in(trx).detach(randomUUID(), gallery())).toEqual({ detached: 0 });
    expect(await files.in(trx).detach(one, { ...gallery(), id: 'other' })).toEqual({ detached: 0 });
    expect(await files.in(trx).detach(one, { ...gallery(), type: 'Article' })).toEqual({ detached: 0 });
    expect(await files.in(trx).detach(two, { ...gallery(), slot: 'cover' })).toEqual({ detached: 0 });
  });
  expect(await files.count([one, two])).toEqual([2, 1]);
});

test('detachAll drops one slot, or all of a record, and is repeatable', async () => {
  await registry.attach(one, `${id}0`);

  expect(await detachAll({ type: 'article', id, slot: 'cover' })).toEqual({ detached: 1 });
  expect(await detachAll({ type: 'article', id })).toEqual({ detached: 2 });
  expect(await detachAll({ type: 'article', id })).toEqual({ detached: 0 });
  expect(await files.count([one, two]), 'another record keeps its own').toEqual([1, 0]);
  expect(await intents(one)).toHaveLength(2);
});

test('detachAll of many records drops what each of them names, in one statement, and is repeatable', async () => {
  await registry.attach(one, `${id}0`);
  await registry.attach(two, `${id}1`, 'gallery');
  const owners = [
    { type: 'article', id, slot: 'cover' },
    { type: 'article', id: `${id}0` },
    { type: 'article', id: `${id}0` },
    { type: 'article', id: `${id}1`, slot: 'cover' },
    { type: 'nothing', id },
  ];

  expect(await detachAll(owners)).toEqual({ detached: 2 });
  expect(await detachAll(owners)).toEqual({ detached: 0 });
  expect(await detachAll([])).toEqual({ detached: 0 });
  expect(await files.count([one, two]), 'other slots keep theirs').toEqual([1, 2]);
  expect(await intents(one)).toHaveLength(2);
});

test('of many records one that is malformed or reserved keeps all, and so do too many', async () => {
  const good = { type: 'article', id };
  for (const bad of [{ type: 'file', id }, { type: 'article', id, slot: '' }, null as never]) {
    expect(await errorOf(detachAll([good, bad]))).toMatchObject({ code: 'INVALID_OWNER' });
  }
  const tooMany = Array.from({ length: 10_001 }, () => good);
  expect(await errorOf(detachAll(tooMany))).toMatchObject({ code: 'INVALID_OWNER' });
  expect(await files.count([one, two])).toEqual([2, 1]);
});

test('two sessions that detach the same records in opposite order do not deadlock', async () => {
  const owners = Array.from({ length: 10 }, (_, n) => ({ type: 'article', id: `${id}-${n}` }));
  for (const owner of owners) await registry.attach(one, owner.id);

  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, n) => detachAll(n % 2 ? owners : owners.toReversed())),
  );
  expect(outcomes.reduce((sum, { detached }) => sum + detached, 0)).toBe(10);
});

test('a record of more files than one batch is detached in one call', async () => {
  await registry.pool.query(
    `with stored as (
       insert into file_registry.files (id, storage, key, content_type, size)
       select id, 'elsewhere', 'x/' || id, 'text/plain', 0 from (select uuidv7() as id from generate_series(1, 3000)) ids
       returning id)
     insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
     select stored.id, 'article', $1, 'many' from stored`,
    [id],
  );

  expect(await detachAll({ type: 'article', id })).toEqual({ detached: 3003 });
});

test('a rolled back detach leaves reference and outbox as they were', async () => {
  const rollback = new Error('roll back');
  const rolledBack = db.transaction().execute(async (trx) => {
    await files.in(trx).detachAll({ type: 'article', id });
    throw rollback;
  });

  await expect(rolledBack).rejects.toBe(rollback);
  expect(await files.count([one, two])).toEqual([2, 1]);
  expect(await intents(one)).toEqual([]);
});

test('two sessions that detach the same files in opposite order do not deadlock', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      db.transaction().execute((trx) => {
        const tx = files.in(trx);
        return n % 3 ? tx.detach(n % 2 ? [one, two] : [two, one], gallery()) : tx.detachAll(gallery());
      }),
    ),
  );
  expect(outcomes.reduce((sum, { detached }) => sum + detached, 0)).toBe(2);
});

test('what an empty slot would detach is refused, not taken for all slots', async () => {
  for (const slot of ['', null, 42]) {
    const owner = { type: 'article', id, slot: slot as string };
    expect(await errorOf(detachAll(owner))).toMatchObject({ code: 'INVALID_OWNER' });
  }
  expect(await files.count(one)).toBe(2);
});

import { randomUUID } from 'node:crypto';
import type { FileArgument, Owner, StoredFile } from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;
const cover = { type: 'article', id: 42, slot: 'cover' };

afterEach(() => registry.assertLaws());

function attach(file: FileArgument | readonly FileArgument[], owner: Owner = cover) {
  return db.transaction().execute((trx) => files.in(trx).attach(file, owner));
}

/** A file that was condemned: it had no reference for its whole period. */
async function condemned(): Promise<StoredFile> {
  const file = await registry.store();
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(await registry.deletion(file)).toBeDefined();
  return file;
}

test('attaching gives the owner a reference, attaching again changes nothing', async () => {
  const file = await registry.store();

  expect(await attach(file)).toEqual({ attached: 1 });
  expect(await attach(file)).toEqual({ attached: 0 });
  expect(await files.count(file)).toBe(1);
});

test('a record may hold several files in one slot, and one file in several slots', async () => {
  const [one, two] = [await registry.store('one'), await registry.store('two')];
  const owner = { type: 'article', id: randomUUID() };

  expect(await attach([one, two], { ...owner, slot: 'gallery' })).toEqual({ attached: 2 });
  expect(await attach(one, { ...owner, slot: 'cover' })).toEqual({ attached: 1 });
  expect((await files.filesOf(owner)).map((file) => [file.slot, file.id])).toEqual([
    ['cover', one.id],
    ['gallery', one.id],
    ['gallery', two.id],
  ]);
});

test.for(['array[$1]', `('[0:0]={' || $1::text || '}')`, 'array[array[$1]]'])(
  'SQL may write one file as %s',
  async (array) => {
    const file = await registry.store();
    const { rows } = await registry.pool.query(
      `select file_registry.attach(${array}::uuid[], 'article', $1::text, 'sql') as answer`,
      [file.id],
    );
    expect(rows).toEqual([{ answer: { attached: 1 } }]);
    expect(await files.count(file)).toBe(1);
  },
);

test('a list counts what is new in it, duplicates once', async () => {
  const [one, two, three] = [await registry.store(), await registry.store(), await registry.store()];
  const owner = { type: 'article', id: randomUUID(), slot: 'gallery' };
  await attach(one, owner);

  expect(await attach([two, one, two.id.toUpperCase(), { id: three.id }, two], owner)).toEqual({
    attached: 2,
  });
  expect(await files.count([one, two, three])).toEqual([1, 1, 1]);
});

test('an empty list attaches nothing', async () => {
  expect(await attach([])).toEqual({ attached: 0 });
});

test.for([
  ['missing', async () => randomUUID(), 'FILE_NOT_FOUND'],
  ['condemned', condemned, 'FILE_CONDEMNED'],
] as const)('one file that is %s: none is attached, and the transaction goes on', async ([, bad, code]) => {
  // In this order, or the good one would be condemned as well.
  const [wrong, good] = [await bad(), await registry.store()];
  const wrongId = typeof wrong === 'string' ? wrong : wrong.id;
  const owner = { type: 'article', id: randomUUID(), slot: 'gallery' };

  await db.transaction().execute(async (trx) => {
    const error = await errorOf(files.in(trx).attach([good, wrong], owner));
    expect(error).toMatchObject({ code, kind: 'usage', context: { fileIds: [wrongId] } });
    expect(error.message).toContain(wrongId);
    expect(await files.in(trx).attach(good, { ...owner, slot: 'cover' })).toEqual({ attached: 1 });
  });

  expect((await files.filesOf({ ...owner, slot: 'gallery' })).length).toBe(0);
  expect((await files.filesOf({ ...owner, slot: 'cover' })).length).toBe(1);
});

test('where some are missing and some condemned, the missing ones are named', async () => {
  const missing = [randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const error = await errorOf(attach([(await condemned()).id, ...missing]));

  expect(error.code).toBe('FILE_NOT_FOUND');
  expect((error.context['fileIds'] as string[]).toSorted()).toEqual(missing.toSorted());
  expect(error.message).toContain('and 2 more');
});

test('an upload that is not finished is no file yet', async () => {
  const { rows } = await registry.pool.query('select uuidv7()::text as id');
  const id: string = rows[0].id;
  await registry.pool.query(`select file_registry.reserve($1, 'media', $2, null, 60000)`, [id, `a/${id}`]);

  expect(await errorOf(attach(id))).toMatchObject({ code: 'FILE_NOT_FOUND' });
});

test('a rolled back attach leaves no reference', async () => {
  const file = await registry.store();
  const rollback = new Error('roll back');
  const rolledBack = db.transaction().execute(async (trx) => {
    await files.in(trx).attach(file, cover);
    throw rollback;
  });

  await expect(rolledBack).rejects.toBe(rollback);
  expect(await files.count(file)).toBe(0);
});

test('a savepoint that is rolled back takes its references with it, and no others', async () => {
  const [kept, undone] = [await registry.store(), await registry.store()];
  const trx = await db.startTransaction().execute();
  await files.in(trx).attach(kept, cover);
  const savepoint = await trx.savepoint('before').execute();
  await files.in(savepoint).attach(undone, cover);
  await (await savepoint.rollbackToSavepoint('before').execute()).commit().execute();

  expect(await files.count([kept, undone])).toEqual([1, 0]);
});

test('a file survives its periods while it is attached', async () => {
  const file = await registry.store();
  await attach(file, { type: 'article', id: randomUUID(), slot: 'cover' });
  await registry.passTime('10 years');
  await registry.processor.drain();

  expect(await files.find(file)).toMatchObject({ id: file.id });
  expect(await registry.hasBytes(file)).toBe(true);
});

test('two sessions that attach lists in opposite order do not deadlock', async () => {
  const list = await Promise.all(Array.from({ length: 20 }, () => registry.store()));
  const owner = (id: string) => ({ type: 'article', id, slot: 'gallery' });
  const rounds = Array.from({ length: 20 }, (_, n) =>
    attach(n % 2 ? list : list.toReversed(), owner(n % 3 ? 'same' : `${n}`)),
  );

  await expect(Promise.all(rounds)).resolves.toHaveLength(20);
});

import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import {
  createAttackedDatabase,
  failureOf,
  missingFile,
  serializationFailure,
  stillReferenced,
} from './support/attacked-database.js';

// Law 1: no reference points at a file that is not there, none is held by a file that is not there.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

test('a reference to a file that never was is refused', async () => {
  await expect(laws.reference(randomUUID())).rejects.toMatchObject(missingFile);
});

test('a file that is referenced cannot be deleted', async () => {
  const file = await laws.file();
  await laws.reference(file);

  await expect(laws.sql('delete from file_registry.files where id = $1', [file])).rejects.toMatchObject(
    stillReferenced,
  );
  expect(await laws.exists(file)).toBe(true);
  expect(await laws.deletion(file)).toBeUndefined();
});

test('a reference cannot be held by a file that is not there', async () => {
  const file = await laws.file();
  await expect(laws.rendition(file, randomUUID())).rejects.toMatchObject(missingFile);
});

test.for(['upper case', 'braces', 'no uuid'])(
  'a holder is named by its canonical id (%s)',
  async (spelling) => {
    const file = await laws.file();
    const original = await laws.file();
    const spelled = { 'upper case': original.toUpperCase(), braces: `{${original}}`, 'no uuid': '42' }[
      spelling
    ];

    await expect(laws.rendition(file, spelled!)).rejects.toMatchObject({
      code: expect.stringMatching('23514|22P02'),
    });
  },
);

test('an original that goes takes the references it held with it', async () => {
  const original = await laws.file();
  const rendition = await laws.file();
  await laws.rendition(rendition, original);

  await laws.sql('delete from file_registry.files where id = $1', [original]);

  expect(
    await laws.sql('select from file_registry.file_references where file_id = $1', [rendition]),
  ).toHaveLength(0);
  expect(await laws.reasons(rendition)).toEqual(['stored', 'original']);
});

test('a file that is being attached cannot be deleted at the same moment', async () => {
  const file = await laws.file();
  const [attaching, deleting] = [await laws.session(), await laws.session()];

  await attaching.query('begin');
  await laws.reference(file, '1', 'article', 'cover', attaching);
  const deleted = laws.sql('delete from file_registry.files where id = $1', [file], deleting);
  const outcome = failureOf(deleted);
  await laws.untilBlocked(deleting);
  await attaching.query('commit');

  expect(await outcome).toMatchObject(stillReferenced);
  expect(await laws.exists(file)).toBe(true);
});

test('a file that is being deleted cannot be attached at the same moment', async () => {
  const file = await laws.file();
  const [attaching, deleting] = [await laws.session(), await laws.session()];

  await deleting.query('begin');
  await laws.sql('delete from file_registry.files where id = $1', [file], deleting);
  const attached = laws.reference(file, '1', 'article', 'cover', attaching);
  const outcome = failureOf(attached);
  await laws.untilBlocked(attaching);
  await deleting.query('commit');

  expect(await outcome).toMatchObject(missingFile);
  expect(await laws.deletion(file)).toMatchObject({ state: 'condemned' });
});

test.for(['repeatable read', 'serializable'])(
  'a reference that an old snapshot does not show still fences its file (%s)',
  async (isolation) => {
    const file = await laws.file();
    const stale = await laws.session();
    await stale.query(`begin isolation level ${isolation}`);
    await stale.query('select count(*) from file_registry.file_references');
    await laws.reference(file);

    await expect(
      laws.sql('delete from file_registry.files where id = $1', [file], stale),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(23001|23503|40001)$/),
    });
    await stale.query('rollback');
    expect(await laws.exists(file)).toBe(true);
  },
);

test.for(['repeatable read', 'serializable'])(
  'a file that only an old snapshot shows cannot be attached (%s)',
  async (isolation) => {
    const file = await laws.file();
    const stale = await laws.session();
    await stale.query(`begin isolation level ${isolation}`);
    await stale.query('select count(*) from file_registry.files');
    await laws.sql('delete from file_registry.files where id = $1', [file]);

    await expect(laws.reference(file, '1', 'article', 'cover', stale)).rejects.toMatchObject({
      code: expect.stringMatching(`${missingFile.code}|${serializationFailure.code}`),
    });
    await stale.query('rollback');
  },
);

test.for(['repeatable read', 'serializable'])(
  'a rendition that was attached behind an old snapshot is not lost when its original goes (%s)',
  async (isolation) => {
    const original = await laws.file();
    const rendition = await laws.file();
    const stale = await laws.session();
    await stale.query(`begin isolation level ${isolation}`);
    await stale.query('select count(*) from file_registry.files');
    await laws.rendition(rendition, original);

    await expect(
      laws.sql('delete from file_registry.files where id = $1', [original], stale),
    ).rejects.toMatchObject(serializationFailure);
    await stale.query('rollback');
    expect(await laws.exists(original)).toBe(true);
  },
);

import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase, failureOf, refused, staleSnapshot } from './support/attacked-database.js';

// Law 3: the bytes of a file are never due to go, and what is due is not forgotten.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const forget = (file: string) => laws.sql('delete from file_registry.deletions where file_id = $1', [file]);

test.for(['reserved', 'abandoned', 'condemned', 'deleted'])('a file cannot be %s', async (state) => {
  const file = await laws.file();
  const reason = ['reserved', 'abandoned'].includes(state) ? 'upload' : 'direct';
  await expect(laws.order({ file, state, reason })).rejects.toMatchObject(refused);
});

test.for(['condemned', 'deleted'])(
  'an adopted key of a file cannot be %s under another id',
  async (state) => {
    const key = `adopted/${randomUUID()}`;
    await laws.file({ key });
    await expect(laws.order({ key, state })).rejects.toMatchObject(refused);
  },
);

test('the generated key of a file cannot be due under another id', async () => {
  const file = await laws.file();
  await expect(laws.order({ key: `2026/11/${file}.jpg` })).rejects.toMatchObject(refused);
});

test('a key that was generated for an upload and adopted as another file cannot be due for that upload', async () => {
  const upload = randomUUID();
  const key = `2026/11/${upload}.jpg`;
  const adopted = await laws.file({ key });

  await expect(laws.order({ file: upload, key, state: 'abandoned', reason: 'upload' })).rejects.toMatchObject(
    refused,
  );
  await expect(
    laws.sql(`select file_registry.abandon_upload($1, 'media', $2)`, [upload, key]),
  ).rejects.toMatchObject(refused);
  expect(await laws.exists(adopted)).toBe(true);
});

test('an upload with a receipt cannot be abandoned again once its late bytes were adopted', async () => {
  const upload = randomUUID();
  const key = `2026/11/${upload}.jpg`;
  await laws.order({ file: upload, key, state: 'deleted', reason: 'upload' });
  const adopted = await laws.file({ key });

  await expect(
    laws.sql(`select file_registry.abandon_upload($1, 'media', $2)`, [upload, key]),
  ).rejects.toMatchObject(refused);
  expect(await laws.exists(adopted)).toBe(true);
  expect(await laws.deletion(upload)).toMatchObject({ state: 'deleted' });
});

test('an object that is ordered away by hand cannot be adopted', async () => {
  const key = `by hand/${randomUUID()}`;
  await laws.order({ key });
  await expect(laws.file({ key })).rejects.toMatchObject({ code: '23505' });
});

test('an object that is adopted at the same moment cannot be ordered away', async () => {
  const key = `at once/${randomUUID()}`;
  const [adopting, ordering] = [await laws.session(), await laws.session()];

  await adopting.query('begin');
  await laws.file({ key }, adopting);
  const ordered = laws.order({ key }, ordering);
  const outcome = failureOf(ordered);
  await laws.untilBlocked(ordering);
  await adopting.query('commit');
  expect(await outcome).toMatchObject(refused);
});

test('an object that is ordered away at the same moment cannot be adopted', async () => {
  const key = `at once/${randomUUID()}`;
  const [adopting, ordering] = [await laws.session(), await laws.session()];

  await ordering.query('begin');
  await laws.order({ key }, ordering);
  const adopted = laws.file({ key }, adopting);
  const outcome = failureOf(adopted);
  await laws.untilBlocked(adopting);
  await ordering.query('commit');
  expect(await outcome).toMatchObject({ code: '23505' });
});

test.for(['repeatable read', 'serializable'])(
  'an old snapshot neither orders the bytes of a file away nor brings back what went (%s)',
  async (isolation) => {
    const stale = await laws.session();
    await stale.query(`begin isolation level ${isolation}`);
    await stale.query('select from file_registry.files');
    const begun = await laws.file();
    const gone = await laws.file();
    await laws.sql('delete from file_registry.files where id = $1', [gone]);

    await stale.query('savepoint s');
    await expect(laws.order({ file: begun }, stale)).rejects.toMatchObject(staleSnapshot);
    await stale.query('rollback to savepoint s');
    await expect(
      laws.sql(
        `select file_registry.abandon_upload($1, 'media', $2)`,
        [begun, `2026/11/${begun}.jpg`],
        stale,
      ),
    ).rejects.toMatchObject(staleSnapshot);
    await stale.query('rollback to savepoint s');
    await expect(laws.file({ id: gone }, stale)).rejects.toMatchObject(staleSnapshot);
    await stale.query('rollback');
  },
);

test('a pending deletion is not dropped, a receipt may be', async () => {
  const condemned = await laws.order();
  const abandoned = await laws.order({ state: 'abandoned', reason: 'upload' });
  const receipt = await laws.order({ state: 'deleted' });

  await expect(forget(condemned)).rejects.toMatchObject(refused);
  await expect(forget(abandoned)).rejects.toMatchObject(refused);
  await forget(receipt);
  expect(await laws.deletion(receipt)).toBeUndefined();
});

test.for(['file_id = gen_random_uuid()', `storage = 'other'`, `key = 'other'`, `version_id = '2'`])(
  'a deletion never changes what names its bytes: %s',
  async (change) => {
    const condemned = await laws.order();
    await expect(
      laws.sql(`update file_registry.deletions set ${change} where file_id = $1`, [condemned]),
    ).rejects.toMatchObject(refused);
  },
);

test('the key of an upload that is being finished cannot be ordered away under another id', async () => {
  const upload = await laws.order({ state: 'reserved', reason: 'upload' });
  const [finishing, ordering] = [await laws.session(), await laws.session()];

  await finishing.query('begin');
  await laws.sql(
    `select file_registry.finish_upload($1, null, 'image/jpeg', 1, null, '{}')`,
    [upload],
    finishing,
  );
  const outcome = failureOf(laws.order({ key: `2026/11/${upload}.jpg` }, ordering));
  await laws.untilBlocked(ordering);
  await finishing.query('commit');

  expect(await outcome).toMatchObject(refused);
  expect(await laws.exists(upload)).toBe(true);
});

test('an upload whose key is being ordered away under another id cannot be finished', async () => {
  const upload = await laws.order({ state: 'reserved', reason: 'upload' });
  const [finishing, ordering] = [await laws.session(), await laws.session()];

  await ordering.query('begin');
  await laws.order({ key: `2026/11/${upload}.jpg` }, ordering);
  const outcome = failureOf(
    laws.sql(
      `select file_registry.finish_upload($1, null, 'image/jpeg', 1, null, '{}')`,
      [upload],
      finishing,
    ),
  );
  await laws.untilBlocked(finishing);
  await ordering.query('commit');

  expect(await outcome).toMatchObject(refused);
  expect(await laws.exists(upload)).toBe(false);
});

test('a key that is being adopted cannot be ordered away as the bytes of the id it carries', async () => {
  const gone = randomUUID();
  const [adopting, ordering] = [await laws.session(), await laws.session()];

  await adopting.query('begin');
  await laws.file({ key: `2026/11/${gone}.jpg` }, adopting);
  const outcome = failureOf(laws.order({ file: gone }, ordering));
  await laws.untilBlocked(ordering);
  await adopting.query('commit');
  expect(await outcome).toMatchObject(refused);
});

import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase, refused } from './support/attacked-database.js';

// Law 3: no file row disappears without its bytes being due.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const remove = (file: string) => laws.sql('delete from file_registry.files where id = $1', [file]);

const detachAll = (file: string) =>
  laws.sql('delete from file_registry.file_references where file_id = $1', [file]);

test('a file that is deleted by hand is condemned, and its intents live on as its last owners', async () => {
  const file = await laws.file();
  await laws.reference(file, '42');
  await detachAll(file);

  await remove(file);

  expect(await laws.deletion(file)).toMatchObject({
    storage: 'media',
    key: `2026/11/${file}.jpg`,
    size: '1',
    state: 'condemned',
    reason: 'detached',
    attempts: 0,
    last_owners: [{ type: 'article', id: '42', slot: 'cover', detachedAt: expect.any(String) }],
  });
  expect(await laws.reasons(file)).toEqual([]);
});

test('a statement that deletes many files condemns each of them', async () => {
  const files = await Promise.all(Array.from({ length: 20 }, () => laws.file()));
  await laws.sql('delete from file_registry.files where id = any($1)', [files]);

  for (const file of files) {
    expect(await laws.deletion(file)).toMatchObject({
      state: 'condemned',
      reason: 'stored',
      last_owners: [],
    });
  }
});

test('of more than 100 owners the last 100 are remembered', async () => {
  const file = await laws.file();
  for (let owner = 1; owner <= 103; owner++) {
    await laws.reference(file, String(owner));
    await detachAll(file);
  }

  await remove(file);

  const owners = (await laws.deletion(file)).last_owners as { id: string }[];
  expect(owners.map(({ id }) => Number(id))).toEqual(Array.from({ length: 100 }, (_, index) => index + 4));
});

test('renditions of a file that is deleted by hand become due, unless something else holds them', async () => {
  const original = await laws.file();
  const [alone, shared, nested] = [await laws.file(), await laws.file(), await laws.file()];
  await laws.rendition(alone, original);
  await laws.rendition(shared, original);
  await laws.rendition(nested, alone);
  await laws.reference(shared, '1');

  await remove(original);

  expect(await laws.reasons(alone)).toEqual(['stored', 'original']);
  expect(await laws.reasons(shared)).toEqual(['stored', 'original']);
  expect(await laws.reasons(nested)).toEqual(['stored']);
  await laws.sql(`select file_registry.settle('original', 0, 100, '-infinity', 0)`);
  expect(await laws.deletion(alone)).toMatchObject({ state: 'condemned', reason: 'original' });
  expect(await laws.exists(shared)).toBe(true);
  expect(await laws.reasons(nested)).toEqual(['stored', 'original']);
});

test('a rendition that is dropped while its original stays is detached like any other file', async () => {
  const original = await laws.file();
  const rendition = await laws.file();
  await laws.rendition(rendition, original);

  await detachAll(rendition);

  expect(await laws.reasons(rendition)).toEqual(['stored', 'detached']);
});

test.for(['id = gen_random_uuid()', `storage = 'other'`, `key = 'other'`, `version_id = '2'`])(
  'a file never changes what names its bytes: %s',
  async (change) => {
    const file = await laws.file();
    await expect(
      laws.sql(`update file_registry.files set ${change} where id = $1`, [file]),
    ).rejects.toMatchObject(refused);
  },
);

test('a file that went cannot come back under its id, neither while it is due nor while its receipt is kept', async () => {
  const file = await laws.file();
  await remove(file);
  const key = `elsewhere/${file}.jpg`;

  await expect(laws.file({ id: file, key })).rejects.toMatchObject(refused);
  await laws.sql(
    `update file_registry.deletions set state = 'deleted', deleted_at = now(), next_attempt_at = null where file_id = $1`,
    [file],
  );
  await expect(laws.file({ id: file, key })).rejects.toMatchObject(refused);
});

test('one file that cannot begin refuses the whole statement', async () => {
  const gone = await laws.file();
  await remove(gone);
  const fresh = randomUUID();

  await expect(
    laws.sql(
      `insert into file_registry.files (id, storage, key, content_type, size)
       select id, 'media', 'twice/' || id, 'text/plain', 0 from unnest($1::uuid[]) id`,
      [[fresh, gone]],
    ),
  ).rejects.toMatchObject(refused);
  expect(await laws.exists(fresh)).toBe(false);
});

test.for(['no json', '{"ms": "soon"}', '{"token": "none"}', '[]', '{"ms": 1e99}'])(
  'a setting that is no lease is no hindrance: %s',
  async (setting) => {
    const session = await laws.session();
    await session.query("select set_config('file_registry.lease', $1, false)", [setting]);
    const file = await laws.file();
    await laws.sql('delete from file_registry.files where id = $1', [file], session);
    expect(await laws.deletion(file)).toMatchObject({ state: 'condemned', lease_token: null, attempts: 0 });
  },
);

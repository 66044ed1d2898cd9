import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { Queryable } from '../support/queryable.js';
import { createAttackedDatabase, refused } from './support/attacked-database.js';

// Law 4, bytes never exist without a row, and the rows' part of law 5: a file begins when its upload is finished.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const keyOf = (file: string) => `2026/11/${file}.jpg`;

async function reserve(ttlMs = 60_000): Promise<string> {
  const file = randomUUID();
  await laws.sql(`select file_registry.reserve($1, 'media', $2, 'photo.jpg', $3)`, [
    file,
    keyOf(file),
    ttlMs,
  ]);
  return file;
}

async function finish(file: string, on?: Queryable): Promise<{ id: string } | null> {
  const [row] = await laws.sql(
    `select file_registry.finish_upload($1, null, 'image/jpeg', 1, null, '{}') as file`,
    [file],
    on,
  );
  return row.file;
}

const claim = (on?: Queryable) =>
  laws.sql(`select file_registry.claim_deletions('media', 100, gen_random_uuid(), 60000)`, [], on);

test('a reservation becomes a file, once, and finishing again answers with it', async () => {
  const file = await reserve();
  expect(await laws.exists(file)).toBe(false);

  expect(await finish(file)).toMatchObject({ id: file, key: keyOf(file) });
  expect(await finish(file)).toMatchObject({ id: file });
  expect(await laws.deletion(file)).toBeUndefined();
  expect(await laws.reasons(file)).toEqual(['stored']);
});

test('a reservation that was claimed is abandoned for good, whatever became of the lease', async () => {
  const file = await reserve(0);
  await claim();
  expect(await laws.deletion(file)).toMatchObject({ state: 'abandoned' });

  expect(await finish(file)).toBeNull();
  await laws.sql('update file_registry.deletions set lease_token = null where file_id = $1', [file]);
  expect(await finish(file)).toBeNull();
  expect(await laws.exists(file)).toBe(false);
});

test('a reservation that is being finished is passed by', async () => {
  const file = await reserve(0);
  const finishing = await laws.session();

  await finishing.query('begin');
  await finish(file, finishing);
  await claim();
  await finishing.query('commit');

  expect(await laws.exists(file)).toBe(true);
});

test('an upload that is finished while its reservation is claimed comes too late', async () => {
  const file = await reserve(0);
  const [claiming, finishing] = [await laws.session(), await laws.session()];

  await claiming.query('begin');
  await claim(claiming);
  const finished = finish(file, finishing);
  await laws.untilBlocked(finishing);
  await claiming.query('commit');

  expect(await finished).toBeNull();
  expect(await laws.deletion(file)).toMatchObject({ state: 'abandoned' });
});

test('a reservation vanishes only into the file of the same id, storage and key', async () => {
  const file = await reserve();
  const drop = 'delete from file_registry.deletions where file_id = $1';

  await expect(laws.sql(drop, [file])).rejects.toMatchObject(refused);
  await expect(
    laws.sql(
      `with gone as (${drop} returning file_id)
       insert into file_registry.files (id, storage, key, content_type, size)
       select file_id, 'media', 'other/' || file_id, 'image/jpeg', 1 from gone`,
      [file],
    ),
  ).rejects.toMatchObject(refused);
  expect(await laws.deletion(file)).toMatchObject({ state: 'reserved' });
});

test('a reserved row beside a file of the same id is refused, too', async () => {
  const file = await reserve();
  await expect(laws.file({ id: file })).rejects.toMatchObject(refused);
});

test('a file is not abandoned, an unknown upload whose bytes landed late is', async () => {
  const file = await reserve();
  await finish(file);
  const late = randomUUID();

  for (const id of [file, late]) {
    await laws.sql(`select file_registry.abandon_upload($1, 'media', $2)`, [id, keyOf(id)]);
  }

  expect(await laws.exists(file)).toBe(true);
  expect(await laws.deletion(file)).toBeUndefined();
  expect(await laws.deletion(late)).toMatchObject({ state: 'abandoned' });
});

test('an upload that is given up while it is finished stays a file', async () => {
  const file = await reserve();
  const [finishing, abandoning] = [await laws.session(), await laws.session()];

  await finishing.query('begin');
  await finish(file, finishing);
  const abandoned = laws.sql(
    `select file_registry.abandon_upload($1, 'media', $2)`,
    [file, keyOf(file)],
    abandoning,
  );
  await laws.untilBlocked(abandoning);
  await finishing.query('commit');
  await abandoned;

  expect(await laws.exists(file)).toBe(true);
  expect(await laws.deletion(file)).toBeUndefined();
});

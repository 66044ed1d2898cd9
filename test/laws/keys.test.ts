import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { Queryable } from '../support/queryable.js';
import { busyKey, createAttackedDatabase, failureOf, refused } from './support/attacked-database.js';

// Law 6: a generated key is never used twice, an adopted one not before its receipt is pruned.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const isAdopted = async (key: string) =>
  (await laws.sql('select from file_registry.adopted_keys where key = $1', [key])).length === 1;

async function condemn(file: string): Promise<void> {
  await laws.sql('delete from file_registry.files where id = $1', [file]);
}

async function complete(file: string): Promise<void> {
  await laws.sql(
    `update file_registry.deletions set state = 'deleted', deleted_at = now(), next_attempt_at = null where file_id = $1`,
    [file],
  );
}

/** A day later, which is how long the receipts of adopted keys stay at least. */
async function prune(): Promise<void> {
  await laws.sql(
    `update file_registry.deletions set deleted_at = deleted_at - interval '25 hours' where state = 'deleted'`,
  );
  await laws.sql('select file_registry.prune_receipts(0, 1000)');
}

test.for([
  ['2026/11/ID.jpg', true],
  ['ID', true],
  ['a/b/ID-photo.jpg', true],
  ['ID/photo.jpg', false],
  ['photo-ID.jpg', false],
  ['photo.jpg', false],
  ['', false],
] as const)('the key %s is generated: %s', async ([pattern, generated]) => {
  const id = randomUUID();
  const [row] = await laws.sql('select file_registry.is_generated_key($1, $2) as generated', [
    id,
    pattern.replace('ID', id),
  ]);
  expect(row.generated).toBe(generated);
});

test('a generated key of another file is an adopted one', async () => {
  const [id, other] = [randomUUID(), randomUUID()];
  const [row] = await laws.sql('select file_registry.is_generated_key($1, $2) as generated', [id, other]);
  expect(row.generated).toBe(false);
});

test('two files cannot lie at one key, in one storage', async () => {
  const key = `twice/${randomUUID()}`;
  await laws.file({ key });
  await expect(laws.file({ key })).rejects.toMatchObject(busyKey);
});

test('an adopted key stays busy while it is a file, condemned or has a receipt, and is free after pruning', async () => {
  const key = `adopted/${randomUUID()}`;
  const file = await laws.file({ key });
  const free = () => laws.sql('delete from file_registry.adopted_keys where key = $1', [key]);

  await expect(free()).rejects.toMatchObject(refused);
  await condemn(file);
  await expect(free()).rejects.toMatchObject(refused);
  await expect(laws.file({ key })).rejects.toMatchObject(busyKey);
  await complete(file);
  await expect(free()).rejects.toMatchObject(refused);
  await expect(laws.file({ key })).rejects.toMatchObject(busyKey);

  await prune();
  expect(await isAdopted(key)).toBe(false);
  const again = await laws.file({ key });
  expect(await isAdopted(key)).toBe(true);
  expect(await laws.exists(again)).toBe(true);
});

test('a receipt that is pruned by hand leaves its key busy', async () => {
  const key = `adopted/${randomUUID()}`;
  const file = await laws.file({ key });
  await condemn(file);
  await complete(file);
  await laws.sql('delete from file_registry.deletions where file_id = $1', [file]);

  await expect(laws.file({ key })).rejects.toMatchObject(busyKey);
});

test('two sessions cannot adopt one key, the second may after the first rolled back', async () => {
  const key = `adopted/${randomUUID()}`;
  const [one, other] = [await laws.session(), await laws.session()];

  await one.query('begin');
  await laws.file({ key }, one);
  const refusedOne = laws.file({ key }, other);
  const outcome = failureOf(refusedOne);
  await laws.untilBlocked(other);
  await one.query('commit');
  expect(await outcome).toMatchObject(busyKey);

  const second = `adopted/${randomUUID()}`;
  await one.query('begin');
  await laws.file({ key: second }, one);
  const adopted = laws.file({ key: second }, other);
  await laws.untilBlocked(other);
  await one.query('rollback');
  expect(await laws.exists(await adopted)).toBe(true);
});

test('a key that was generated for a file that is due to go cannot be adopted before its bytes are gone', async () => {
  const file = await laws.file();
  const key = `2026/11/${file}.jpg`;
  await expect(laws.file({ key })).rejects.toMatchObject(busyKey);
  await condemn(file);

  await expect(laws.file({ key })).rejects.toMatchObject(busyKey);
  await complete(file);
  expect(await laws.exists(await laws.file({ key }))).toBe(true);
});

test('a key that is reserved for an upload cannot be adopted', async () => {
  const upload = await laws.order({ state: 'reserved', reason: 'upload' });
  await expect(laws.file({ key: `2026/11/${upload}.jpg` })).rejects.toMatchObject(busyKey);
});

test('an object that goes without having been a file keeps its key busy, too', async () => {
  const key = `never a file/${randomUUID()}`;
  const ordered = await laws.order({ key });
  expect(await isAdopted(key)).toBe(true);

  await complete(ordered);
  await prune();
  expect(await isAdopted(key)).toBe(false);
});

test('pruning a receipt does not free the key that another file adopted since', async () => {
  const upload = await laws.order({ state: 'deleted', reason: 'upload' });
  const key = `2026/11/${upload}.jpg`;
  await laws.file({ key });

  await prune();
  expect(await isAdopted(key)).toBe(true);
});

// An upload's late write is given up in a transaction of its own, while another one adopts its key for a file of its own.
const abandon = (upload: string, on?: Queryable) =>
  laws.sql(`select file_registry.abandon_upload($1, 'media', $2)`, [upload, `2026/11/${upload}.jpg`], on);

const uploads = [
  ['whose receipt is kept', () => laws.order({ state: 'deleted', reason: 'upload' })],
  ['whose receipt was pruned', async () => randomUUID()],
] as const;

test.for(uploads)('an upload %s is not given up while its key is adopted', async ([, before]) => {
  const upload = await before();
  const [adopting, abandoning] = [await laws.session(), await laws.session()];

  await adopting.query('begin');
  const file = await laws.file({ key: `2026/11/${upload}.jpg` }, adopting);
  const outcome = failureOf(abandon(upload, abandoning));
  await laws.untilBlocked(abandoning);
  await adopting.query('commit');

  expect(await outcome).toMatchObject(refused);
  expect(await laws.exists(file)).toBe(true);
});

test.for(uploads)('the key of an upload %s is not adopted while it is given up', async ([, before]) => {
  const upload = await before();
  const [adopting, abandoning] = [await laws.session(), await laws.session()];

  await abandoning.query('begin');
  await abandon(upload, abandoning);
  const outcome = failureOf(laws.file({ key: `2026/11/${upload}.jpg` }, adopting));
  await laws.untilBlocked(adopting);
  await abandoning.query('commit');

  expect(await outcome).toMatchObject(busyKey);
  expect(await laws.deletion(upload)).toMatchObject({ state: 'abandoned' });
});

test('a key that two deletions name is free when the receipts of both are pruned', async () => {
  const key = `twice/${randomUUID()}`;
  const [one, other] = [await laws.order({ key }), await laws.order({ key })];
  await complete(one);
  await prune();
  expect(await laws.deletion(one)).toBeUndefined();
  expect(await isAdopted(key)).toBe(true);

  await complete(other);
  await prune();
  expect(await isAdopted(key)).toBe(false);

  for (const deletion of [await laws.order({ key }), await laws.order({ key })]) await complete(deletion);
  await prune();
  expect(await isAdopted(key)).toBe(false);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFile } from 'nestjs-file-registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { Articles } from './articles.js';

const registry = await createTestRegistry();
const { files, pool, db, processor } = registry;
await Articles.createTables(pool);
const articles = new Articles(db, files);

let old: StoredFile;
let id: number;

beforeEach(async () => {
  old = await registry.store('old');
  id = await articles.publish(old);
});
afterEach(() => registry.assertLaws());

async function graceEnds(): Promise<void> {
  await registry.passTime('25 hours');
  await processor.drain();
}

async function isThere(file: StoredFile): Promise<boolean> {
  const bytes = await registry.hasBytes(file);
  expect((await files.find(file)) !== null, 'row and bytes agree').toBe(bytes);
  return bytes;
}

test('the file of a record is replaced by another: the old one goes, the new one stays', async () => {
  const fresh = await registry.store('new');
  await articles.save(id, { cover: fresh });
  await graceEnds();

  expect(await isThere(old)).toBe(false);
  expect(await isThere(fresh)).toBe(true);
  expect(await articles.coverOf(id)).toBe(fresh.id);
});

test.for([
  ['nothing', null],
  ['blank', ''],
])('the file of a record is replaced by %s: the old one goes', async ([, cover]) => {
  await articles.save(id, { cover: cover ?? null });
  await graceEnds();

  expect(await isThere(old)).toBe(false);
  expect(await articles.coverOf(id)).toBeUndefined();
});

test('a record without a file gets one: it stays', async () => {
  const bare = await articles.publish(null);
  const first = await registry.store('first');
  await articles.save(bare, { cover: first });
  await graceEnds();

  expect(await isThere(first)).toBe(true);
});

test('the file is replaced by itself: nothing goes, and nothing is noted', async () => {
  await articles.save(id, { cover: old });
  const { rows } = await pool.query(
    `select from file_registry.deletion_outbox where file_id = $1 and reason = 'detached'`,
    [old.id],
  );
  expect(rows).toEqual([]);

  await graceEnds();
  expect(await isThere(old)).toBe(true);
});

test('the record is saved without a change of its file: nothing goes', async () => {
  await articles.save(id, { title: 'Better news' });
  await graceEnds();

  expect(await isThere(old)).toBe(true);
  expect(await articles.coverOf(id)).toBe(old.id);
});

test('the save fails after the replacement: the old file stays, the new one goes by itself', async () => {
  const fresh = await registry.store('new');

  await expect(articles.save(id, { cover: fresh, title: 'refused' })).rejects.toThrow('check constraint');
  expect(await articles.coverOf(id)).toBe(old.id);

  await graceEnds();
  expect(await isThere(old)).toBe(true);
  expect(await isThere(fresh)).toBe(false);
  expect(await registry.deletion(fresh)).toMatchObject({ reason: 'stored' });
});

test('the process dies after the replacement and before the commit: the same', async () => {
  const fresh = await registry.store('new');
  const client = await registry.database.client();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  await client.query('begin');
  await files.in(client).replace(articles.cover(id), fresh);
  await pool.query('select pg_terminate_backend($1, 5000)', [rows[0].pid]);
  await graceEnds();

  expect(await articles.coverOf(id)).toBe(old.id);
  expect(await isThere(old)).toBe(true);
  expect(await isThere(fresh)).toBe(false);
});

test('a file that another record shares is replaced in one of them: it stays', async () => {
  const second = await articles.publish(old);
  await articles.save(id, { cover: await registry.store('new') });
  await graceEnds();

  expect(await isThere(old)).toBe(true);
  expect(await articles.coverOf(second)).toBe(old.id);
});

test('a file goes and comes back within the grace period: it stays', async () => {
  const fresh = await registry.store('new');
  await articles.save(id, { cover: fresh });
  await registry.passTime('20 hours');
  await processor.drain();
  await articles.save(id, { cover: old });
  await graceEnds();

  expect(await isThere(old)).toBe(true);
  expect(await isThere(fresh)).toBe(false);
});

test('a name that is taken is never overwritten: the second upload gets another key', async () => {
  const [first, second] = await Promise.all([
    registry.store('first', 'same.txt'),
    registry.store('second', 'same.txt'),
  ]);
  const third = await registry.store('third', 'same.txt');

  expect(new Set([first.key, second.key, third.key]).size).toBe(3);
  const contents = [first, second, third].map(({ key }) => readFile(join(registry.media.path, key), 'utf8'));
  expect(await Promise.all(contents)).toEqual(['first', 'second', 'third']);
  expect([first, second, third].map(({ filename }) => filename)).toEqual([
    'same.txt',
    'same.txt',
    'same.txt',
  ]);
});

test('a name is free again after its file went, and still gets another key', async () => {
  const first = await registry.store('first', 'same.txt');
  await graceEnds();
  const second = await registry.store('second', 'same.txt');

  expect(await isThere(first)).toBe(false);
  expect(second.key).not.toBe(first.key);
});

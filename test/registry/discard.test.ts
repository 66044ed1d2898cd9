import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, processor } = registry;

afterEach(() => registry.assertLaws());

test('a file that nobody attached goes at the next pass, with a receipt', async () => {
  const file = await registry.store();
  expect(await files.discard(file)).toEqual({ discarded: 1 });
  expect(await files.find(file)).toBeNull();

  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', reason: 'stored' });
});

test('many go in one call; discarding again, or what never was, changes nothing', async () => {
  const stored = [await registry.store(), await registry.store()];
  expect(await files.discard([...stored, randomUUID()])).toEqual({ discarded: 2 });
  expect(await files.discard(stored)).toEqual({ discarded: 0 });
  expect(await files.discard([])).toEqual({ discarded: 0 });
  expect(await errorOf(files.discard('nonsense'))).toMatchObject({ code: 'INVALID_FILE_ID' });
});

test('a file that somebody attached stays', async () => {
  const file = await registry.store();
  await registry.attach(file, randomUUID());
  expect(await files.discard(file)).toEqual({ discarded: 0 });
  expect(await files.count(file)).toBe(1);
});

test('a file that was detached keeps its grace period', async () => {
  const [file, owner] = [await registry.store(), randomUUID()];
  await registry.attach(file, owner);
  await registry.detach(file, owner);
  expect(await files.discard(file)).toEqual({ discarded: 0 });
  await processor.drain();
  expect(await files.find(file)).toEqual(file);
});

test('a file that is being attached stays, and nobody waits', async () => {
  const file = await registry.store();
  const client = await registry.database.begun();
  await files.in(client).attach(file, { type: 'article', id: 1, slot: 'cover' });
  expect(await files.discard(file)).toEqual({ discarded: 0 });
  await client.query('commit');
  expect(await files.count(file)).toBe(1);
});

test('it works where transactions begin with a stricter isolation', async () => {
  await registry.pool.query(
    `alter database ${registry.database.name} set default_transaction_isolation = 'repeatable read'`,
  );
  await registry.database.disconnectAll();
  const file = await registry.store();
  expect(await files.discard(file)).toEqual({ discarded: 1 });
});

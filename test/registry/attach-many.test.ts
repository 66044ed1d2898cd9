import { randomUUID } from 'node:crypto';
import type { AttachPair } from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;

afterEach(() => registry.assertLaws());

function attachMany(pairs: readonly AttachPair[]) {
  return db.transaction().execute((trx) => files.in(trx).attachMany(pairs));
}

const owner = (id: string | number | bigint, slot = 'cover') => ({ type: 'article', id, slot });

test('many files go to many owners in one call; what is there already does not count', async () => {
  const [one, two] = [await registry.store(), await registry.store()];
  const id = randomUUID();
  const pairs = [
    { file: one, owner: owner(id) },
    { file: two, owner: owner(id) },
    { file: one.id.toUpperCase(), owner: owner(`${id}-2`) },
    { file: { id: two.id }, owner: { type: 'Article', id, slot: 'cover' } },
  ];

  expect(await attachMany(pairs)).toEqual({ attached: 4 });
  expect(await attachMany(pairs)).toEqual({ attached: 0 });
  expect(await attachMany([...pairs, { file: one, owner: owner(id, 'banner') }])).toEqual({ attached: 1 });
  expect(await files.count([one, two])).toEqual([3, 2]);
});

test('a pair that comes twice counts once, however its owner and its file are written', async () => {
  const file = await registry.store();

  expect(
    await attachMany([
      { file, owner: owner(7_000_001) },
      { file: file.id, owner: owner('7000001') },
      { file: file.id.toUpperCase(), owner: owner(7_000_001n) },
    ]),
  ).toEqual({ attached: 1 });
});

test('an empty list attaches nothing', async () => {
  expect(await attachMany([])).toEqual({ attached: 0 });
});

test('one missing or condemned file: nothing is attached, and the transaction goes on', async () => {
  const gone = await registry.store();
  await registry.passTime('25 hours');
  await registry.processor.drain();
  const file = await registry.store();
  const [missing, id] = [randomUUID(), randomUUID()];

  await db.transaction().execute(async (trx) => {
    const tx = files.in(trx);
    const pair = { file, owner: owner(id) };
    expect(await errorOf(tx.attachMany([pair, { file: missing, owner: owner(id) }]))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      context: { fileIds: [missing] },
    });
    expect(await errorOf(tx.attachMany([{ file: gone, owner: owner(id) }, pair]))).toMatchObject({
      code: 'FILE_CONDEMNED',
      context: { fileIds: [gone.id] },
    });
    expect(await files.count(file)).toBe(0);
    expect(await tx.attachMany([pair])).toEqual({ attached: 1 });
  });
  expect(await files.count(file)).toBe(1);
});

test('ten thousand pairs are one call, one more is refused', async () => {
  const file = await registry.store();
  const pairs = Array.from({ length: 10_001 }, (_, n) => ({ file, owner: owner(n, 'many') }));

  const error = await errorOf(attachMany(pairs));
  expect(error.kind).toBe('usage');
  expect(error.message).toContain('at most 10000');
  expect(await files.count(file)).toBe(0);

  expect(await attachMany(pairs.slice(1))).toEqual({ attached: 10_000 });
  expect(await files.count(file)).toBe(10_000);
});

test.for([undefined, null, 'pairs', {}, [null], [undefined], [42], [{}], [[]]])(
  '%j is no list of pairs',
  async (pairs) => {
    const error = await errorOf(attachMany(pairs as AttachPair[]));

    expect(error.kind).toBe('usage');
    expect(error.code).toMatch(/^INVALID_(OWNER|FILE_ID)$/);
  },
);

test('a list with a hole is refused, not shortened', async () => {
  const pairs: AttachPair[] = [];
  pairs[1] = { file: await registry.store(), owner: owner(1) };

  expect(await errorOf(attachMany(pairs))).toMatchObject({ kind: 'usage' });
});

test('two sessions that attach the same pairs in opposite order do not deadlock', async () => {
  const list = await Promise.all(Array.from({ length: 10 }, () => registry.store()));
  const pairs = list.flatMap((file) => ['a', 'B', 'ä', 'Z'].map((id) => ({ file, owner: owner(id) })));
  const rounds = Array.from({ length: 20 }, (_, n) => attachMany(n % 2 ? pairs : pairs.toReversed()));

  const results = await Promise.all(rounds);
  expect(results.reduce((sum, { attached }) => sum + attached, 0)).toBe(40);
});

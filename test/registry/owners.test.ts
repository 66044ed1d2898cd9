import { randomUUID } from 'node:crypto';
import type { Owner } from 'nestjs-file-registry';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;
const file = await registry.store();

afterEach(() => registry.assertLaws());

const inTransaction = <Result>(work: (tx: ReturnType<typeof files.in>) => Promise<Result>) =>
  db.transaction().execute((trx) => work(files.in(trx)));

test('42, 42n and "42" are one owner', async () => {
  await inTransaction(async (tx) => {
    expect(await tx.attach(file, { type: 'number', id: 42, slot: 's' })).toEqual({ attached: 1 });
    expect(await tx.attach(file, { type: 'number', id: 42n, slot: 's' })).toEqual({ attached: 0 });
    expect(await tx.attach(file, { type: 'number', id: '42', slot: 's' })).toEqual({ attached: 0 });
  });
  expect(await files.filesOf({ type: 'number', id: 42n })).toHaveLength(1);
});

test.for([
  ['a UUID', { type: 'article', id: randomUUID(), slot: 'cover' }],
  ['a bigint beyond 2^53', { type: 'article', id: 2n ** 63n - 1n, slot: 'cover' }],
  ['a negative number', { type: 'article', id: -1, slot: 'cover' }],
  ['zero', { type: 'article', id: 0, slot: 'cover' }],
  ['letters of everywhere', { type: 'Artikel-ü', id: '日本/😀', slot: 'обложка' }],
  ['blanks, quotes, backslashes', { type: ' a"b ', id: "o'brien\\n%_", slot: '{a,b} $1 \t' }],
  ['what other languages call nothing', { type: 'null', id: 'undefined', slot: 'NaN' }],
  ['the longest there is', { type: 'ü'.repeat(50), id: '€'.repeat(85), slot: 's'.repeat(255) }],
  ['a type that only resembles a reserved one', { type: 'File', id: 1, slot: 'registry:' }],
] as const)('%s can be an owner, and is one to every verb', async ([, owner]) => {
  await inTransaction(async (tx) => {
    expect(await tx.attach(file, owner)).toEqual({ attached: 1 });
    expect(await tx.attachMany([{ file, owner }])).toEqual({ attached: 0 });
    expect(await tx.replace(owner, file)).toEqual({ attached: 0, detached: 0 });
  });
  expect(await files.filesOf(owner)).toMatchObject([{ id: file.id, slot: owner.slot }]);
  expect(await files.references(file)).toContainEqual({
    type: owner.type,
    id: String(owner.id),
    slot: owner.slot,
    attachedAt: expect.any(Date),
  });
  await inTransaction(async (tx) => {
    expect(await tx.detach(file, owner)).toEqual({ detached: 1 });
    expect(await tx.detachAll(owner)).toEqual({ detached: 0 });
  });
});

test('owners are compared byte by byte', async () => {
  const names = ['a', 'A', 'a ', 'ä', 'a\u0308', 'ａ'];
  for (const id of names) await registry.attach(file, id, 's', 'bytes');

  expect(await files.filesOf(names.map((id) => ({ type: 'bytes', id })))).toEqual(
    names.map(() => [expect.objectContaining({ id: file.id })]),
  );
});

describe('an owner that is refused leaves everything as it was and the transaction usable', () => {
  const good = { type: 'refused', id: '1', slot: 'cover' };
  const nothing = Object.create(null) as object;

  test.for<[string, unknown]>([
    ['no owner', undefined],
    ['null', null],
    ['a text', 'article'],
    ['an empty type', { ...good, type: '' }],
    ['no type', { id: '1', slot: 'cover' }],
    ['a type of 101 bytes', { ...good, type: 'x'.repeat(101) }],
    ['a type of 51 characters and 102 bytes', { ...good, type: 'ü'.repeat(51) }],
    ['a type with NUL', { ...good, type: 'a\0b' }],
    ['a type with half a surrogate pair', { ...good, type: 'a\ud83d' }],
    ['a type that is a number', { ...good, type: 42 }],
    ['the reserved type file', { ...good, type: 'file', id: file.id }],
    ['a reserved type of the registry', { ...good, type: 'registry:protected' }],
    ['the reserved prefix alone', { ...good, type: 'registry:' }],
    ['an empty id', { ...good, id: '' }],
    ['no id', { type: 'refused', slot: 'cover' }],
    ['an id of 256 bytes', { ...good, id: 'x'.repeat(256) }],
    ['an id of 86 characters and 258 bytes', { ...good, id: '€'.repeat(86) }],
    ['an id with NUL', { ...good, id: '\0' }],
    ['an id with half a surrogate pair', { ...good, id: '\ude00' }],
    ['an id of null', { ...good, id: null }],
    ['an id that is a fraction', { ...good, id: 1.5 }],
    ['an id that is NaN', { ...good, id: Number.NaN }],
    ['an id that is infinite', { ...good, id: Infinity }],
    ['an id beyond 2^53 as a number', { ...good, id: 2 ** 53 }],
    ['an id that is an object', { ...good, id: { value: 1 } }],
    ['an id without a prototype', { ...good, id: nothing }],
    ['an id that is a symbol', { ...good, id: Symbol('1') }],
    ['an id that is a truth', { ...good, id: true }],
    ['an empty slot', { ...good, slot: '' }],
    ['a slot of null', { ...good, slot: null }],
    ['a slot of 256 bytes', { ...good, slot: 'x'.repeat(256) }],
    ['a slot with NUL', { ...good, slot: 'a\0' }],
    ['a slot with half a surrogate pair', { ...good, slot: '\ud83d' }],
    ['a slot that is a number', { ...good, slot: 7 }],
  ])('%s', async ([, bad]) => {
    const owner = bad as Owner;
    await inTransaction(async (tx) => {
      for (const call of [
        tx.attach(file, owner),
        tx.attachMany([
          { file, owner: good },
          { file, owner },
        ]),
        tx.detach(file, owner),
        tx.detachAll(owner),
        tx.replace(owner, file),
        files.filesOf(owner),
        files.filesOf([good, owner]),
      ]) {
        const error = await errorOf(call);
        expect(error).toMatchObject({ code: 'INVALID_OWNER', kind: 'usage' });
        expect(error.message).not.toContain('\0');
      }
      expect(await tx.detachAll({ type: 'refused', id: '1' })).toEqual({ detached: 0 });
    });
  });

  test('no slot, where one is needed', async () => {
    const owner = { type: 'refused', id: '1' } as Owner;
    await inTransaction(async (tx) => {
      for (const call of [tx.attach(file, owner), tx.detach(file, owner), tx.replace(owner, null)]) {
        expect(await errorOf(call)).toMatchObject({ code: 'INVALID_OWNER', context: { field: 'slot' } });
      }
    });
  });
});

test.for([
  ['attach', `select file_registry.attach(array[$1]::uuid[], $2, 'x', 's')`],
  [
    'attach_many',
    `select file_registry.attach_many(jsonb_build_array(jsonb_build_object('fileId', $1::uuid, 'type', $2::text, 'id', 'x', 'slot', 's')))`,
  ],
  ['detach', `select file_registry.detach(array[$1]::uuid[], $2, 'x', 's')`],
  ['detach_all', `select file_registry.detach_all($2, $1, null)`],
  [
    'detach_all_many',
    `select file_registry.detach_all_many(jsonb_build_array(jsonb_build_object('type', $2::text, 'id', $1::text)))`,
  ],
  ['replace', `select file_registry.replace($2, 'x', 's', array[$1]::uuid[])`],
])('the function %s itself refuses reserved owners, whoever calls it', async ([, statement = '']) => {
  for (const type of ['file', 'registry:protected']) {
    await expect(registry.pool.query(statement, [file.id, type])).rejects.toThrow(
      `owner type '${type}' is reserved`,
    );
  }
});

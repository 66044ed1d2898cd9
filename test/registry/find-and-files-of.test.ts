import { randomUUID } from 'node:crypto';
import { type KyselyConfig, Kysely, PostgresDialect } from 'kysely';
import { FileRegistryModule, FileRegistry, localStorage, type OwnerSelector } from 'nestjs-file-registry';
import { Test } from '@nestjs/testing';
import { afterAll, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;
const [one, two, three] = [await registry.store('1'), await registry.store('2'), await registry.store('3')];

const statements: string[] = [];
const log: KyselyConfig['log'] = (event) => void statements.push(event.query.sql);
const counting = await Test.createTestingModule({
  imports: [
    FileRegistryModule.forRoot({
      database: new Kysely({ dialect: new PostgresDialect({ pool: registry.database.pool() }), log }),
      storages: { media: localStorage({ root: registry.media.path }) },
      processor: { enabled: false },
    }),
  ],
}).compile();
afterAll(() => counting.close());

/** How many statements the calls of the registry send. */
async function statementsOf(work: (files: FileRegistry) => Promise<unknown>): Promise<number> {
  statements.length = 0;
  await work(counting.get(FileRegistry));
  return statements.length;
}

test('find answers with the file, or with null', async () => {
  expect(await files.find(one.id)).toEqual(one);
  expect(await files.find(randomUUID())).toBeNull();
  expect(await files.find([])).toEqual([]);
});

test('find answers many in the order asked for, with null for what is not there', async () => {
  expect(await files.find([three, randomUUID(), one, three.id.toUpperCase()])).toEqual([
    three,
    null,
    one,
    three,
  ]);
});

test('a file that was condemned is found no more', async () => {
  const file = await registry.store();
  await registry.attach(one, 'keeper', 'k');
  await registry.attach(two, 'keeper', 'k');
  await registry.attach(three, 'keeper', 'k');
  await registry.passTime('25 hours');
  await registry.processor.drain();

  expect(await files.find([file, one])).toMatchObject([null, { id: one.id }]);
});

test('filesOf answers by slot, then by when they were attached', async () => {
  const id = randomUUID();
  for (const [file, slot] of [
    [three, 'b'],
    [one, 'b'],
    [two, 'a'],
    [one, 'B'],
  ] as const) {
    await registry.attach(file, id, slot);
  }

  const held = await files.filesOf({ type: 'article', id });
  expect(held.map((file) => [file.slot, file.id])).toEqual([
    ['B', one.id],
    ['a', two.id],
    ['b', three.id],
    ['b', one.id],
  ]);
  const { createdAt: _, ...facts } = two;
  expect(held[1]).toMatchObject({ ...facts, slot: 'a', attachedAt: expect.any(Date) });
  expect((await files.filesOf({ type: 'article', id, slot: 'b' })).map((file) => file.id)).toEqual([
    three.id,
    one.id,
  ]);
  expect(await files.filesOf({ type: 'article', id, slot: 'c' })).toEqual([]);
});

test('filesOf answers many owners in the order asked for, also one that comes twice', async () => {
  const id = randomUUID();
  await registry.attach(one, `${id}-1`, 'a');
  await registry.attach(two, `${id}-2`, 'b');
  const [first, second] = [
    { type: 'article', id: `${id}-1` },
    { type: 'article', id: `${id}-2`, slot: 'b' },
  ];

  const lists = await files.filesOf([
    second,
    { ...first, slot: 'b' },
    first,
    second,
    { ...first, type: 'page' },
  ]);
  expect(lists.map((list) => list.map((file) => file.id))).toEqual([[two.id], [], [one.id], [two.id], []]);
  expect(await files.filesOf([])).toEqual([]);
});

test('count answers many in the order asked for, and 0 for what is no file', async () => {
  const file = await registry.store();
  await registry.attach(file, randomUUID());
  await registry.attach(file, randomUUID());

  expect(await files.count(file)).toBe(2);
  expect(await files.count(randomUUID())).toBe(0);
  expect(await files.count([randomUUID(), file, file])).toEqual([0, 2, 2]);
  expect(await files.count([])).toEqual([]);
});

test('what an open transaction has attached is not seen before its commit', async () => {
  const file = await registry.store();
  await db.transaction().execute(async (trx) => {
    await files.in(trx).attach(file, { type: 'article', id: 'open', slot: 's' });
    expect(await files.count(file)).toBe(0);
  });
  expect(await files.count(file)).toBe(1);
});

test('however many are asked for, it is one statement each', async () => {
  const ids = Array.from({ length: 500 }, () => randomUUID());
  const owners: OwnerSelector[] = ids.map((id) => ({ type: 'article', id }));

  expect(await statementsOf((counted) => counted.find(ids))).toBe(1);
  expect(await statementsOf((counted) => counted.count(ids))).toBe(1);
  expect(await statementsOf((counted) => counted.filesOf(owners))).toBe(1);
  expect(await statementsOf((counted) => counted.references(one))).toBe(1);
  const pairs = ids.map((id) => ({ file: one, owner: { type: 'article', id, slot: 'statements' } }));
  expect(
    await statementsOf((counted) => db.transaction().execute((trx) => counted.in(trx).attachMany(pairs))),
    'the verbs go through the transaction of the application',
  ).toBe(0);
});

test('each verb is one statement of the transaction', async () => {
  const logged = new Kysely({ dialect: new PostgresDialect({ pool: registry.database.pool() }), log });
  const owner = { type: 'article', id: randomUUID(), slot: 'statement' };
  await logged.transaction().execute(async (trx) => {
    const tx = files.in(trx);
    for (const verb of [
      () => tx.attach([one, two, three], owner),
      () => tx.attachMany([{ file: one, owner }]),
      () => tx.replace(owner, [one, two]),
      () => tx.detach([one, three], owner),
      () => tx.detachAll(owner),
    ]) {
      statements.length = 0;
      await verb();
      expect(statements).toEqual([
        expect.stringMatching(/^select "file_registry"\.\w+\(.*\)::text as result$/),
      ]);
    }
  });
});

test('ten thousand owners are one call, one more is refused', async () => {
  const owners = Array.from({ length: 10_001 }, (_, id) => ({ type: 'article', id }));

  expect(await errorOf(files.filesOf(owners))).toMatchObject({ code: 'INVALID_OPTION', kind: 'usage' });
  expect(await files.filesOf(owners.slice(1))).toHaveLength(10_000);
});

import type { OwnerId } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor, pool, db } = registry;
const file = await registry.store();

async function attachTo(type: string, ids: readonly OwnerId[]): Promise<void> {
  const pairs = ids.map((id) => ({ file, owner: { type, id, slot: 's' } }));
  await db.transaction().execute((trx) => files.in(trx).attachMany(pairs));
}

async function gone(
  type: string,
  idColumn: string | readonly string[],
  batchSize: number,
): Promise<string[]> {
  const ownerTables = { [type]: { table: type, idColumn } };
  const { violations } = await processor.verify({ ownerTables, batchSize });
  return violations.flatMap(({ problem }) => /the owner [^/]+\/(.*) has references/.exec(problem)?.[1] ?? []);
}

test('verify finds the records of composite keys, each part compared as its column does', async () => {
  const id = 'a0000000-0000-4000-8000-000000000001';
  await pool.query(
    `create table line (order_id uuid, "no" integer, lang text, primary key (order_id, "no", lang))`,
  );
  await pool.query(`insert into line values ($1, 7, 'de'), ($1, 8, ''), ($1, 9, '"\\ 😀')`, [id]);
  await attachTo('line', [
    [id, 7, 'de'],
    [id.toUpperCase(), '07', 'de'],
    [id, 8, ''],
    [id, 9, '"\\ 😀'],
    [id, 7, 'en'],
    [id, 8, 'de'],
    [id, 'x', 'de'],
    ['x', 7, 'de'],
    [id, 2n ** 40n, 'de'],
  ]);

  for (const batchSize of [1, 4, 100]) {
    expect(await gone('line', ['order_id', '"no"', 'lang'], batchSize)).toEqual(
      [
        `["${id}","1099511627776","de"]`,
        `["${id}","7","en"]`,
        `["${id}","8","de"]`,
        `["${id}","x","de"]`,
        `["x","7","de"]`,
      ].toSorted(),
    );
  }
});

test('verify calls every owner gone whose id has not as many parts as the key, and stumbles over none', async () => {
  await pool.query(
    `create table pair (a text, b numeric, primary key (a, b)); insert into pair values ('1', 2.5)`,
  );
  const odd = [
    '1',
    '["1"]',
    '["1","2.5","3"]',
    '["1",2.5]',
    '["1","2.5"',
    '["\\u0000","1"]',
    '["\\ud800","1"]',
    '{}',
  ];
  await attachTo('pair', [['1', '2.5'], ['1', 'many'], ...odd]);

  for (const batchSize of [1, 100]) {
    expect(await gone('pair', ['a', 'b'], batchSize)).toEqual([...odd, '["1","many"]'].toSorted());
  }
});

test('a list of one is the key of a list of one, not the single one', async () => {
  await pool.query(`create table single (id integer primary key); insert into single values (1)`);
  await attachTo('single', [[1], 1]);

  expect(await gone('single', ['id'], 10)).toEqual(['1']);
  expect(await gone('single', 'id', 10)).toEqual(['["1"]']);
});

test.for<[unknown]>([
  [[]],
  [Array(33).fill('id')],
  [['id', 'now()']],
  [['id', undefined]],
  [[['id']]],
  [{ id: 'id' }],
])('%j are no columns and reach no statement', async ([idColumn]) => {
  await expect(
    processor.verify({ ownerTables: { single: { table: 'single', idColumn: idColumn as string } } }),
  ).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('ownerTables.single') });
});

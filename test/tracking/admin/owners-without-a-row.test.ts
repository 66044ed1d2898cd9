import { trackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createTrackingDatabase, type Held } from './support/tracking-database.js';

// Owners in the slot that no row is: whoever attached by hand may have written an id otherwise than its row's text.
const registry = await createTrackingDatabase();
const column = { table: 'article', column: 'cover' };
const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
const [a, b] = (await registry.files(2)) as [string, string];

beforeEach(() => registry.forget('article'));

const attach = (ownerId: string, client: Pick<typeof registry.pool, 'query'> = registry.pool) =>
  client.query(`select file_registry.attach(array[$1]::uuid[], 'article', $2, 'cover')`, [b, ownerId]);

/** What a check of the owners finds, by the id that it names. */
async function rowless(): Promise<string[]> {
  const [{ answer }] = await registry.sql(
    `select file_registry.verify_tracked_owners(id, '', 100) as answer from file_registry.tracked_columns`,
  );
  const problems = answer.problems as { problem: string }[];
  return problems
    .map(({ problem }) => /is held by row (.*) of article/.exec(problem)?.[1] ?? problem)
    .toSorted();
}

test.for([
  ['integer', '7', ['07', ' 7', '8', 'seven']],
  ['uuid', uuid, [uuid.toUpperCase(), `{${uuid}}`]],
  ['numeric(8, 2)', '1.50', ['1.5']],
] as const)(
  'ids of the type %s are compared by their text, and dropped by taking in again',
  async ([type, id, others]) => {
    await registry.sql(`create table article (id ${type} primary key, cover uuid)`);
    await registry.sql('insert into article values ($1, $2)', [id, a]);
    for (const other of others) await attach(other);
    await trackFileColumn(registry.pool, column);
    expect(await rowless()).toEqual([...others].toSorted());

    await trackFileColumn(registry.pool, { ...column, existing: 'again' });
    expect(await registry.held('article')).toEqual([[id, a]] satisfies Held[]);
    expect(await rowless()).toEqual([]);
    await registry.assertLaws();
  },
);

test('ids of several columns', async () => {
  await registry.sql('create table article (kind text, n integer, cover uuid, primary key (kind, n))');
  await registry.sql(`insert into article values ('news', 7, $1)`, [a]);
  await attach('["news", "7"]');
  await attach('["news","07"]');
  await trackFileColumn(registry.pool, column);
  expect(await rowless()).toEqual(['["news", "7"]', '["news","07"]']);
  await trackFileColumn(registry.pool, { ...column, existing: 'again' });
  expect(await registry.held('article')).toEqual([['["news","7"]', a]]);
});

test('what was attached by hand while tracking began is dropped by taking in again', async () => {
  await registry.sql('create table article (id integer primary key, cover uuid)');
  await registry.sql('insert into article values (7, null)');
  const late = await registry.begun();
  await attach('7', late as never);
  await attach('8', late as never);
  await trackFileColumn(registry.pool, column);
  await late.query('commit');
  expect(await registry.held('article')).toHaveLength(2);
  await trackFileColumn(registry.pool, { ...column, existing: 'again' });
  expect(await registry.held('article')).toEqual([]);
});

test('rows of an enum whose value was renamed are held under their new ids', async () => {
  await registry.sql(
    `create type kind as enum ('a'); create table article (id kind primary key, cover uuid)`,
  );
  await trackFileColumn(registry.pool, column);
  await registry.sql(`insert into article values ('a', $1)`, [a]);
  await registry.sql(`alter type kind rename value 'a' to 'b'`);
  await trackFileColumn(registry.pool, { ...column, existing: 'again' });
  expect(await registry.held('article')).toEqual([['b', a]]);
  await registry.sql('drop table article; drop type kind');
});

import { trackedColumns, trackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createTrackingDatabase } from './support/tracking-database.js';

// The usual migration fills a new column and gives it the name of the old one. Triggers follow the old one, statements take the new.
const registry = await createTrackingDatabase();
const column = { table: 'article', column: 'cover' };
const [a, b] = (await registry.files(2)) as [string, string];

beforeEach(async () => {
  await registry.forget('article');
  await registry.sql(`
    create table article (id integer primary key, other_id integer not null unique, cover uuid, other_cover uuid,
                          page jsonb, other_page jsonb, live boolean not null default true, other_live boolean not null default true)`);
});

const exchange = (name: string) =>
  registry.sql(`alter table article rename ${name} to old_${name};
                alter table article rename other_${name} to ${name}`);
const insert = (id: number, cover: string) =>
  registry.sql('insert into article (id, other_id, cover, other_cover) values ($1, $1, $2, $3)', [
    id,
    cover,
    b,
  ]);

test('columns that exchanged their names stop every write that the triggers see, until the column is tracked again', async () => {
  await trackFileColumn(registry.pool, column);
  await insert(1, a);
  await exchange('cover');
  expect(await registry.state('article')).toBe('renamed');
  const refused = { code: '55000', hint: expect.stringContaining('trackFileColumn alone') };
  await expect(
    registry.sql('insert into article (id, other_id, cover) values (2, 2, $1)', [a]),
  ).rejects.toMatchObject(refused);
  await expect(registry.sql('update article set old_cover = null')).rejects.toMatchObject(refused);
  await expect(registry.sql('delete from article')).rejects.toMatchObject(refused);
  expect(await registry.held('article')).toEqual([['1', a]]);

  expect(await trackFileColumn(registry.pool, column)).toEqual({ rows: 1, complete: true });
  expect(await registry.state('article')).toBe('tracking');
  expect(await registry.held('article')).toEqual([['1', b]]);
  await registry.sql('update article set cover = $1', [a]);
  expect(await registry.held('article')).toEqual([['1', a]]);
});

test.for([
  ['id', {}, 'insert into article (old_id, id, cover) values (2, 2, $1)'],
  ['live', { where: 'live' }, 'insert into article (id, other_id, cover) values (2, 2, $1)'],
  [
    'page',
    { column: 'page', path: '$.image' },
    `insert into article (id, other_id, page) values (2, 2, jsonb_build_object('image', $1::text))`,
  ],
] as const)('so do columns called %s', async ([name, options, statement]) => {
  await trackFileColumn(registry.pool, { ...column, ...options });
  await exchange(name);
  expect((await trackedColumns(registry.pool)).map(({ state }) => state)).toEqual(['renamed']);
  await expect(registry.sql(statement, [a])).rejects.toMatchObject({ code: '55000' });
  // The primary key is another column now, which is said.
  const idColumn = name === 'id' ? { idColumn: 'id' } : {};
  await trackFileColumn(registry.pool, { ...column, ...options, ...idColumn });
  await registry.sql(statement, [a]);
  expect(await registry.sql('select owner_id, file_id from file_registry.file_references')).toEqual([
    { owner_id: '2', file_id: a },
  ]);
});

test('a partitioned table, and names that are exchanged back', async () => {
  await registry.sql(`
    drop table article;
    create table article (id integer primary key, cover uuid, other_cover uuid) partition by range (id);
    create table article_1 partition of article for values from (0) to (9)`);
  await trackFileColumn(registry.pool, column);
  await exchange('cover');
  await expect(registry.sql('insert into article_1 values (1, $1, $2)', [a, b])).rejects.toMatchObject({
    code: '55000',
  });
  await registry.sql(
    `alter table article rename cover to other_cover; alter table article rename old_cover to cover`,
  );
  expect(await registry.state('article')).toBe('tracking');
  await registry.sql('insert into article_1 values (1, $1, $2)', [a, b]);
  expect(await registry.held('article')).toEqual([['1', a]]);
});

test('a column that moved in the table, as when a dump is restored, is still the one that is tracked', async () => {
  await trackFileColumn(registry.pool, column);
  // As the function reads after a dump: it remembers another relation, with another place of the column.
  const [{ definition }] = await registry.sql(
    `select pg_get_functiondef(oid) as definition from pg_proc where proname ~ '^tracked_\\d+_statement$'`,
  );
  const [{ oid }] = await registry.sql(`select 'article'::regclass::oid::text as oid`);
  await registry.sql(definition.replaceAll(`(${oid}, 'cover', 3)`, `(1, 'cover', 4)`));
  expect(definition).toContain(`(${oid}, 'cover', 3)`);

  await insert(1, a);
  expect(await registry.held('article')).toEqual([['1', a]]);
  await exchange('cover');
  await expect(registry.sql('delete from article')).rejects.toMatchObject({ code: '55000' });
});

test('rows are taken in again also where the trigger that told of the exchange was dropped', async () => {
  await trackFileColumn(registry.pool, column);
  await insert(1, a);
  const [{ name }] = await registry.sql(
    `select tgname as name from pg_trigger where tgname like 'file_registry%update'`,
  );
  await registry.sql(`drop trigger ${name} on article`);
  await exchange('cover');
  expect(await trackFileColumn(registry.pool, column)).toEqual({ rows: 1, complete: true });
  expect(await registry.held('article')).toEqual([['1', b]]);
});

import { trackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createTrackingDatabase } from './support/tracking-database.js';

// Whatever a condition reads, and however ids are compared, an update that changes the answer is noticed.
const registry = await createTrackingDatabase();
const [file] = (await registry.files(1)) as [string];
await registry.sql(
  `create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
);

beforeEach(() => registry.forget('article'));

const held = async () => (await registry.held('article')).map(([id]) => id);

test.for([
  ['a point, which has no equality', 'spot point', `spot[0] > 1`, `'(2,2)'`, `'(0,0)'`],
  ['a json', 'data json', `data ->> 'on' = 'yes'`, `'{"on": "yes"}'`, `'{"on": "no"}'`],
  [
    'numbers in a jsonb that are equal and have other texts',
    'data jsonb',
    `data ->> 'n' = '1.0'`,
    `'{"n": 1.0}'`,
    `'{"n": 1.00}'`,
  ],
  ['numbers that are equal and have other texts', 'n numeric', `scale(n) = 1`, '1.0', '1.00'],
  [
    'texts that are equal in their collation',
    'code text collate blind',
    `code collate "C" = 'A'`,
    `'A'`,
    `'a'`,
  ],
  ['a column called like a variable', 'previous boolean', 'previous', 'true', 'false'],
  ['a column called line', 'line boolean, ids integer', 'line and ids is null', 'true', 'false'],
  ['an array', 'tags text[]', `'x' = any (tags)`, `'{x}'`, `'{y}'`],
  [
    'a generated column',
    'base integer, twice integer generated always as (base * 2) stored',
    'twice > 2',
    '2',
    '1',
  ],
] as const)('%s', async ([, columns, where, holding, not]) => {
  const name = columns.split(' ')[0];
  await registry.sql(`create table article (id integer primary key, cover uuid, ${columns})`);
  await registry.sql(`insert into article (id, cover, ${name}) values (1, $1, ${holding}), (2, $1, ${not})`, [
    file,
  ]);
  await trackFileColumn(registry.pool, { table: 'article', column: 'cover', where });
  expect(await held()).toEqual(['1']);
  await registry.sql(`update article set ${name} = ${not} where id = 1`);
  expect(await held()).toEqual([]);
  await registry.sql(`update article set ${name} = ${holding}`);
  expect(await held()).toEqual(['1', '2']);
  await registry.sql('delete from article where id = 1');
  expect(await held()).toEqual(['2']);
});

test.for([
  ['texts that are equal in their collation', 'text collate blind', 'A', 'a'],
  ['numbers that are equal and have other texts', 'numeric', '1.0', '1.00'],
] as const)('an id changes between %s', async ([, type, before, after]) => {
  await registry.sql(`create table article (id ${type} primary key, cover uuid)`);
  await trackFileColumn(registry.pool, { table: 'article', column: 'cover' });
  await registry.sql('insert into article values ($1, $2)', [before, file]);
  expect(await held()).toEqual([before]);
  await registry.sql('update article set id = $1', [after]);
  expect(await held()).toEqual([after]);
  await registry.sql('delete from article');
  expect(await held()).toEqual([]);
});

test('functions of the application are written with their schema, and the message says so', async () => {
  await registry.sql(`
    create table article (id integer primary key, cover uuid, title text);
    create or replace function shown(title text) returns boolean language sql immutable as $$ select title <> 'hidden' $$`);
  const column = { table: 'article', column: 'cover' };
  await expect(trackFileColumn(registry.pool, { ...column, where: 'shown(title)' })).rejects.toMatchObject({
    code: 'INVALID_TRACKED_COLUMN',
    message: expect.stringContaining('Write what is not in pg_catalog with its schema'),
  });
  await trackFileColumn(registry.pool, { ...column, where: 'public.shown(title)' });
  await registry.sql(`insert into article values (1, $1, 'hidden'), (2, $1, 'shown')`, [file]);
  expect(await held()).toEqual(['2']);
});

test('a comment at the end of a condition ends there', async () => {
  await registry.sql('create table article (id integer primary key, cover uuid, title text)');
  await trackFileColumn(registry.pool, { table: 'article', column: 'cover', where: 'title is null -- soft' });
  await registry.sql('insert into article values (1, $1)', [file]);
  expect(await held()).toEqual(['1']);
});

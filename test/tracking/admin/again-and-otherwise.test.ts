import { trackedColumns, trackFileColumn, untrackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { awaitedLater } from '../../support/awaited-later.js';
import { createTrackingDatabase } from './support/tracking-database.js';

// Tracking what is tracked already: the same changes nothing, anything else is refused.
const registry = await createTrackingDatabase();
const column = { table: 'article', column: 'cover' };
const [file] = await registry.files(1);

beforeEach(async () => {
  await registry.forget('article', 'story', 'news.article');
  await registry.sql(`
    create table article (id integer primary key, cover uuid, banner uuid, content jsonb, code text not null unique);
    create table story (id integer primary key, cover uuid)`);
});

const rest = (error: RegExp) => ({ code: 'INVALID_TRACKED_COLUMN', message: expect.stringMatching(error) });
const triggers = () =>
  registry.sql(
    `select tgrelid::regclass::text, tgname, xmin::text, tgenabled from pg_trigger where tgname like 'file_registry%' order by 1, 2`,
  );

test('tracking the same again touches nothing, and waits for no writer', async () => {
  await trackFileColumn(registry.pool, column);
  const before = await triggers();
  const writer = await registry.begun();
  await writer.query('insert into article (id, code) values (1, 1)');

  const same = {
    ...column,
    slot: 'cover',
    ownerType: 'article',
    idColumn: 'id',
    guarded: true,
    existing: 'later',
  } as const;
  expect(await trackFileColumn(registry.pool, same)).toEqual({ rows: 0, complete: true });
  await writer.query('commit');
  expect(await triggers()).toEqual(before);
  expect(before).toHaveLength(5);
});

test.for<[object]>([
  [{ slot: 'other' }],
  [{ ownerType: 'other' }],
  [{ idColumn: 'code' }],
  [{ where: 'id > 0' }],
  [{ guarded: false }],
  [{ column: 'banner', slot: 'cover' }],
  [{ table: 'story', ownerType: 'article' }],
])('otherwise is refused: %j', async ([other]) => {
  await trackFileColumn(registry.pool, column);
  await expect(trackFileColumn(registry.pool, { ...column, ...other })).rejects.toMatchObject(
    rest(
      /public.article.cover is tracked already, as slot 'cover' of owner type 'article'. To track it otherwise call untrackFileColumn first/,
    ),
  );
  expect(await trackedColumns(registry.pool)).toMatchObject([{ slot: 'cover', guarded: true, where: null }]);
});

test('two columns, and two paths of one column, have a slot each', async () => {
  await trackFileColumn(registry.pool, column);
  await trackFileColumn(registry.pool, { ...column, column: 'banner' });
  await trackFileColumn(registry.pool, { ...column, column: 'content', path: '$.hero.image' });
  await trackFileColumn(registry.pool, { ...column, column: 'content', path: '$.blocks[*].image' });
  const all = await trackedColumns(registry.pool);
  expect(all.map(({ slot }) => slot)).toEqual([
    'banner',
    'content.blocks[*].image',
    'content.hero.image',
    'cover',
  ]);
});

test('two callers who track two columns as one slot at once: the second is refused', async () => {
  const first = await registry.begun();
  const track = (table: string) =>
    `select file_registry.track_column('${table}', 'cover', null, 'cover', 'thing', null, null, true)`;
  await first.query(track('article'));
  const second = awaitedLater(
    trackFileColumn(registry.pool, { table: 'story', column: 'cover', ownerType: 'thing' }),
  );
  await registry.untilWaiting('track_column');
  await first.query('commit');
  await expect(second).rejects.toMatchObject(
    rest(/public.article.cover is tracked already, as slot 'cover' of owner type 'thing'/),
  );
  expect(await registry.state('story')).toBeUndefined();
});

test('two callers who track one column at once: both succeed', async () => {
  await registry.sql('insert into article select i, $1, null, null, i from generate_series(1, 20) i', [file]);
  const both = await Promise.all(
    [1, 2].map(() => trackFileColumn(registry.pool, { ...column, batchSize: 3 })),
  );
  expect(both.map(({ complete }) => complete)).toEqual([true, true]);
  expect(await registry.held('article')).toHaveLength(20);
});

test('a column that is dropped while the table’s lock is awaited', async () => {
  const other = await registry.begun();
  await other.query('alter table article drop column cover');
  const tracking = awaitedLater(trackFileColumn(registry.pool, column));
  await registry.untilWaiting('track_column');
  await other.query('commit');
  await expect(tracking).rejects.toMatchObject(rest(/has no column cover/));
  expect(await trackedColumns(registry.pool)).toEqual([]);
});

test('a table that was renamed is followed by tracking it again as the same owner', async () => {
  await trackFileColumn(registry.pool, column);
  await registry.sql('alter table article rename to piece');
  expect(await registry.state('article')).toBe('renamed');
  await expect(registry.sql('insert into piece (id, cover, code) values (1, $1, 1)', [file])).rejects.toThrow(
    /is not the one/,
  );

  await trackFileColumn(registry.pool, { table: 'piece', column: 'cover', ownerType: 'article' });
  expect(await registry.state('piece')).toBe('tracking');
  await registry.sql('insert into piece (id, cover, code) values (1, $1, 1)', [file]);
  expect(await registry.held('article')).toEqual([['1', file]]);
  await registry.sql('drop table piece');
});

test('a table that was renamed, or whose column was, loses nothing when it is untracked and tracked by its new name', async () => {
  await registry.sql('insert into article (id, cover, code) values (1, $1, 1)', [file]);
  await trackFileColumn(registry.pool, column);
  await registry.sql('alter table article rename column cover to picture');
  await registry.sql('alter table article rename to piece');
  expect(await registry.state('article')).toBe('renamed');

  await untrackFileColumn(registry.pool, column);
  expect(await registry.held('article')).toEqual([['1', file]]);
  await trackFileColumn(registry.pool, {
    table: 'piece',
    column: 'picture',
    ownerType: 'article',
    slot: 'cover',
  });
  await registry.sql('delete from piece');
  expect(await registry.held('article')).toEqual([]);
  await registry.sql('drop table piece');
});

test('a trigger that was switched off or dropped is told, and mended by tracking again', async () => {
  await trackFileColumn(registry.pool, column);
  const [{ tgname }] = await triggers();
  for (const change of [`disable trigger ${tgname}`, `enable replica trigger ${tgname}`]) {
    await registry.sql(`alter table article ${change}`);
    expect(await registry.state('article')).toBe('disabled');
    await trackFileColumn(registry.pool, column);
    expect(await registry.state('article')).toBe('tracking');
  }
  await registry.sql(`drop trigger ${tgname} on article`);
  expect(await registry.state('article')).toBe('disabled');
  await trackFileColumn(registry.pool, column);
  expect(await registry.state('article')).toBe('tracking');
  await registry.sql(`alter table article enable always trigger ${tgname}`);
  expect(await registry.state('article')).toBe('tracking');
});

test('a trigger that was switched off on one partition is told, and mended', async () => {
  await registry.sql(`
    create schema if not exists news;
    create table news.article (id integer primary key, cover uuid) partition by range (id);
    create table news.article_1 partition of news.article for values from (0) to (5)`);
  const parted = { table: 'news.article', column: 'cover', ownerType: 'news' };
  await trackFileColumn(registry.pool, parted);
  await registry.sql('alter table news.article_1 disable trigger user');
  expect(await registry.state('article')).toBe('disabled');
  await trackFileColumn(registry.pool, parted);
  expect(await registry.state('article')).toBe('tracking');
  await registry.sql('insert into news.article values (1, $1)', [file]);
  expect(await registry.held('news')).toEqual([['1', file]]);
});

test('what PostgreSQL does to a table by itself is harmless', async () => {
  await registry.sql('insert into article (id, cover, code) values (1, $1, 1)', [file]);
  await trackFileColumn(registry.pool, column);
  for (const command of [
    'reindex table article',
    'vacuum full article',
    'cluster article using article_pkey',
    'analyze article',
  ]) {
    await registry.sql(command);
  }
  await registry.sql('alter table article add column extra integer, alter column code type varchar(20)');
  expect(await registry.state('article')).toBe('tracking');
  await expect(registry.sql('alter table article alter column cover type text')).rejects.toMatchObject({
    message: 'cannot alter type of a column used in a trigger definition',
  });
  await registry.sql('update article set cover = null');
  expect(await registry.held('article')).toEqual([]);
});

test('a tracked table is neither attached as a partition nor made to inherit: statements on the parent would not tell of its rows', async () => {
  await registry.forget('piece', 'pieces', 'parent');
  await registry.sql(`
    create table piece (id integer primary key, cover uuid);
    create table parent (id integer not null, cover uuid);
    create table pieces (id integer primary key, cover uuid) partition by range (id)`);
  const piece = { table: 'piece', column: 'cover' };
  const attach = 'alter table pieces attach partition piece for values from (0) to (9)';
  const inherit = 'alter table piece inherit parent';
  await trackFileColumn(registry.pool, piece);
  await registry.sql('insert into piece values (1, $1)', [file]);
  for (const change of [attach, inherit]) {
    await expect(registry.sql(change)).rejects.toThrow(
      /trigger "file_registry_\d+_fence" prevents table "piece"/,
    );
  }
  const fence = await registry.sql(
    `select tgname from pg_trigger where tgname like '%fence' and tgrelid = 'piece'::regclass`,
  );
  await registry.sql(`drop trigger ${fence[0].tgname} on piece`);
  expect(await registry.state('piece')).toBe('disabled');

  await untrackFileColumn(registry.pool, piece);
  await registry.sql(attach);
  await trackFileColumn(registry.pool, { table: 'pieces', column: 'cover', ownerType: 'piece' });
  await registry.sql('delete from pieces');
  expect(await registry.held('piece')).toEqual([]);
  await registry.forget('pieces', 'parent');
});

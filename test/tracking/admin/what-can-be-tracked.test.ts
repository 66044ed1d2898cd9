import {
  InvalidTrackedColumnError,
  trackedColumns,
  trackFileColumn,
  type TrackFileColumnOptions,
  trackFileColumnSql,
  untrackFileColumnSql,
} from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { createTrackingDatabase } from './support/tracking-database.js';

// What will not do is refused before anything changes, and the message says what to do instead.
const registry = await createTrackingDatabase();
await registry.sql(`
  create type mood as enum ('calm');
  create type pair as (a integer, b integer);
  create table article (id integer primary key, cover uuid, gallery uuid[], content jsonb, data json, title text, "n°" integer,
                        deleted_at timestamptz, loose integer unique, raw bytea not null unique, at timetz not null unique,
                        ratio float8 not null unique, two pair not null unique, part integer not null, slow integer not null,
                        late integer not null unique deferrable, twice integer not null unique);
  create unique index on article (part) where part > 0;
  create unique index on article ((slow + 1));
  create table keyless (id integer, cover uuid);
  create table deferred (id integer primary key deferrable, cover uuid);
  create view seen as select * from article;
  create materialized view kept as select * from article;
  create table parent (id integer primary key, cover uuid) partition by range (id);
  create table child partition of parent for values from (0) to (10);
  create table made (id integer primary key, a uuid, b uuid, cover uuid generated always as (coalesce(a, b)) stored,
                     twice integer not null generated always as (id * 2) stored unique);
  create table base (id integer, cover uuid);
  create table heir (primary key (id)) inherits (base);
  create unlogged table fleeting (id integer primary key, cover uuid);
  create table partly (id integer primary key, cover uuid) partition by range (id);
  create unlogged table partly_1 partition of partly default;
  create sequence counter;
  create table "a.b" (id integer primary key, cover uuid);`);

const attempt = (options: object) =>
  trackFileColumn(registry.pool, { table: 'article', column: 'cover', ...options } as TrackFileColumnOptions);

const untouched = async () => {
  expect(await trackedColumns(registry.pool)).toEqual([]);
  expect(await registry.sql(`select tgname from pg_trigger where tgname like 'file_registry%'`)).toEqual([]);
  expect(await registry.sql(`select proname from pg_proc where proname ~ '^tracked_\\d'`)).toEqual([]);
};
afterEach(untouched);

test.for<[object, RegExp]>([
  [{ table: 'nowhere' }, /relation "nowhere" does not exist/],
  [{ table: 'nowhere.article' }, /schema "nowhere" does not exist|relation .* does not exist/],
  [{ table: { schema: 'public', name: 'Article' } }, /relation "public.Article" does not exist/],
  [{ column: 'nothing' }, /article has no column nothing. Name a column of the table/],
  [{ column: 'ctid' }, /no column ctid/],
  [
    { column: 'n°' },
    /column "n°" of public.article is integer. Track a column of the type uuid or uuid\[\], or a path/,
  ],
  [{ column: 'title' }, /is text. Track a column of the type uuid/],
  [{ column: 'data' }, /is json. Track/],
  [{ column: 'data', path: '$.a' }, /is json and has no path. Leave the path out, or name a jsonb column/],
  [{ path: '$.a' }, /is uuid and has no path/],
  [{ column: 'content' }, /is jsonb. Give the path/],
  [{ column: 'content', path: '$.a[' }, /syntax error|invalid input syntax for type jsonpath|jsonpath/],
  [{ column: 'content', path: `$.${'a'.repeat(300)}` }, /longer than 255 bytes. Give a slot/],
  [{ table: 'seen' }, /is a view. Track the columns of the tables below it/],
  [{ table: 'kept' }, /is a view/],
  [{ table: 'counter' }, /is no table. Name a table/],
  [{ table: 'child' }, /is a partition. Track the partitioned table/],
  [{ table: 'heir' }, /is a table that inherits. Statements on its parent change its rows without telling/],
  [{ table: 'made' }, /column cover of public.made is generated. Track the columns it is made from/],
  [
    { table: 'made', column: 'a', idColumn: 'twice' },
    /column twice of public.made does not identify rows.*not generated/,
  ],
  [{ table: 'fleeting' }, /is an unlogged table. A crash empties it/],
  [{ table: 'partly' }, /is a table with unlogged partitions. A crash empties them/],
  [{ table: 'file_registry.files', column: 'id' }, /a table of the registry or the system/],
  [{ table: 'pg_catalog.pg_class', column: 'oid' }, /a table of the registry or the system/],
  [{ table: 'keyless' }, /keyless has no primary key.*Name the columns that identify a row \(idColumn\)/],
  [{ table: 'deferred' }, /no primary key, or a deferrable one/],
  [
    { idColumn: 'nothing' },
    /column nothing of public.article does not identify rows. It must exist, be NOT NULL and/,
  ],
  [{ idColumn: 'loose' }, /column loose .* does not identify rows/],
  [{ idColumn: 'raw' }, /column raw .* does not identify/],
  [{ idColumn: 'at' }, /column at .* does not identify/],
  [{ idColumn: 'ratio' }, /column ratio .* does not identify/],
  [{ idColumn: 'two' }, /column two .* does not identify/],
  [{ idColumn: 'part' }, /\(part\) of .* is not unique.*create a unique index on exactly these/],
  [{ idColumn: 'slow' }, /\(slow\) of .* is not unique/],
  [{ idColumn: 'late' }, /\(late\) of .* is not unique/],
  [{ idColumn: ['id', 'twice'] }, /\(id, twice\) of .* is not unique/],
  [{ where: 'deleted_at is' }, /syntax error/],
  [{ where: 'nothing is null' }, /column "nothing" does not exist/],
  [{ where: 'title' }, /must be type boolean/],
  [{ where: 'exists (select 1)' }, /subquer/],
  [{ where: 'deleted_at > now()' }, /IMMUTABLE/],
  [{ where: 'random() > 0.5' }, /IMMUTABLE/],
  [{ where: 'id = $1' }, /parameter \$1/],
  [{ where: 'count(*) > 1' }, /aggregate/],
  [{ where: 'true); create table public.evil (); select (true' }, /multi-query|syntax error/],
  [{ where: 'true) union select (true' }, /syntax error|union/i],
  [{ where: 'true /* not closed' }, /comment/],
  [{ ownerType: 'file' }, /owner type 'file' is reserved/],
  [{ ownerType: 'registry:x' }, /is reserved/],
])('%j', async ([options, message]) => {
  const error = await attempt(options).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidTrackedColumnError);
  expect((error as Error).message).toMatch(message);
  expect(await registry.sql(`select to_regclass('public.evil') as evil`)).toEqual([{ evil: null }]);
});

test.for<[object, RegExp]>([
  [{ table: 7 }, /^table: expected a text of 1 to 127 bytes, received 7/],
  [{ table: '' }, /^table/],
  [{ table: null }, /^table/],
  [{ table: 'a.b.c' }, /where a name has a dot, \{ schema, name \}/],
  [{ table: 'a'.repeat(64) }, /^table: expected a text of 1 to 63 bytes/],
  [{ table: { name: 'é'.repeat(32) } }, /^table.name: expected a text of 1 to 63 bytes/],
  [{ table: { schema: 'a'.repeat(64), name: 'b' } }, /^table.schema/],
  [{ table: {} }, /^table.name/],
  [{ table: 'a\0b' }, /^table/],
  [{ column: undefined }, /^column/],
  [{ column: ['cover'] }, /^column/],
  [{ column: 'c'.repeat(64) }, /^column: expected a text of 1 to 63 bytes/],
  [{ path: 7 }, /^path/],
  [{ path: 'a'.repeat(1001) }, /^path: expected a text of 1 to 1000 bytes/],
  [{ slot: '' }, /^slot/],
  [{ slot: 's'.repeat(256) }, /^slot/],
  [{ ownerType: 't'.repeat(101) }, /^ownerType/],
  [{ ownerType: 7 }, /^ownerType/],
  [{ idColumn: [] }, /^idColumn: expected the name of a column, or 1 to 32 names/],
  [{ idColumn: ['id', 'id'] }, /^idColumn: expected names that differ/],
  [{ idColumn: [7] }, /^idColumn/],
  [{ idColumn: 7 }, /^idColumn/],
  [{ idColumn: Array.from({ length: 33 }, (_, n) => `c${n}`) }, /^idColumn/],
  [{ where: 'x'.repeat(10_001) }, /^where: expected a text of 1 to 10000 bytes/],
  [{ where: true }, /^where/],
  [{ where: '\ud800' }, /^where/],
  [{ guarded: 'yes' }, /^guarded: expected true or false, received 'yes'/],
  [{ guarded: null }, /^guarded/],
])('%j is refused without asking the database', async ([options, message]) => {
  const both = { table: 'article', column: 'cover', ...options } as TrackFileColumnOptions;
  await expect(attempt(options)).rejects.toThrow(message);
  expect(() => trackFileColumnSql(both)).toThrow(InvalidTrackedColumnError);
});

test.for<[object, RegExp]>([
  [{ existing: 'never' }, /^existing: expected 'now', 'later' or 'again', received never/],
  [{ batchSize: 0 }, /^batchSize: expected a whole number from 1 to 10000/],
  [{ batchSize: 10_001 }, /^batchSize/],
  [{ batchSize: '5' }, /^batchSize/],
  [{ lockTimeoutMs: 0 }, /^lockTimeoutMs: expected a whole number of milliseconds from 1 to 600000/],
  [{ lockTimeoutMs: 1.5 }, /^lockTimeoutMs/],
  [{ registrySchema: '' }, /^schema/],
])('%j is no option', async ([options, message]) => {
  await expect(attempt(options)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(message),
  });
});

test('no options, and no column to untrack', async () => {
  await expect(trackFileColumn(registry.pool, undefined as never)).rejects.toThrow(
    /^column: expected \{ table, column/,
  );
  expect(() => untrackFileColumnSql(null as never)).toThrow(InvalidTrackedColumnError);
  await expect(trackFileColumn({} as never, { table: 'article', column: 'cover' })).rejects.toThrow(
    /^database/,
  );
});

test('a temporary table', async () => {
  const session = await registry.database.kysely({ max: 1 });
  await session.connection().execute(async (connection) => {
    const { sql } = await import('kysely');
    await sql`create temporary table brief (id integer primary key, cover uuid)`.execute(connection);
    await expect(trackFileColumn(connection, { table: 'brief', column: 'cover' })).rejects.toThrow(
      /is a temporary table/,
    );
  });
});

test('a foreign table', async ({ skip }) => {
  // A foreign-data wrapper without a handler is enough for the table to exist; nobody reads it.
  await registry
    .sql('create foreign data wrapper nobody; create server nowhere foreign data wrapper nobody')
    .catch(() => skip());
  await registry.sql('create foreign table afar (id integer not null, cover uuid) server nowhere');
  await expect(attempt({ table: 'afar' })).rejects.toThrow(/is a foreign table. Its rows change elsewhere/);
});

test('a unique index whose collation is not the column’s', async () => {
  await registry.sql(`
    create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create table folded (name text collate blind not null, cover uuid);
    create unique index on folded (name collate "C")`);
  await expect(attempt({ table: 'folded', idColumn: 'name' })).rejects.toThrow(/with their collations/);
});

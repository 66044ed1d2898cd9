import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create schema "Läden";
  create type "Läden"."Größe" as enum ('S', 'it''s "L"');
  create domain moment as timestamptz;
  create domain late_moment as moment check (value > '2000-01-01');
  create domain code as text check (value <> 'no');
  create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create table "Läden"."Mein ""Artikel"".v1 %s" ("Die ""Id"" %I" integer primary key, "Bild ' %s" uuid);
  create table sized   (size "Läden"."Größe" primary key, cover uuid);
  create table timed   (at timestamptz, day date, stamp timestamp, cover uuid, primary key (at, day, stamp));
  create table domains (at late_moment, code code, cover uuid, primary key (at, code));
  create table amount  (amount numeric primary key, cover uuid);
  create table fixed   (amount numeric(10, 2) primary key, cover uuid);
  create table loose   (name text collate loose primary key, cover uuid);
  create table padded  (name char(4) primary key, cover uuid);
  create table random  (id uuid primary key default gen_random_uuid(), cover uuid);
  create table pair    (b text, a bigint, cover uuid, picture uuid, slug varchar(20) not null unique, primary key (a, b));`);
const [a, b] = (await tracked.store(2)) as [string, string];
const ids = async (type: string) =>
  (await tracked.references()).filter((reference) => reference.type === type).map(({ id }) => id);

test('quoted and Unicode names', async () => {
  const table = { schema: 'Läden', name: 'Mein "Artikel".v1 %s' };
  await tracked.track(
    { table, column: "Bild ' %s" },
    `select "Die ""Id"" %I", "Bild ' %s" from "Läden"."Mein ""Artikel"".v1 %s"`,
  );
  const quoted = `"Läden"."Mein ""Artikel"".v1 %s"`;
  await tracked.run(`insert into ${quoted} values (1, '${a}'), (2, '${b}')`);
  await tracked.run(
    `update ${quoted} set "Die ""Id"" %I" = 3, "Bild ' %s" = '${b}' where "Die ""Id"" %I" = 1`,
  );
  await tracked.run(`delete from ${quoted} where "Die ""Id"" %I" = 2`);
  expect(await ids(table.name)).toEqual(['3']);
  await expect(tracked.run(`update ${quoted} set "Bild ' %s" = gen_random_uuid()`)).rejects.toMatchObject({
    code: '23503',
    schema: 'Läden',
    table: table.name,
    column: "Bild ' %s",
  });
  await tracked.run(`truncate ${quoted}`);
});

test('an enum', async () => {
  await tracked.track({ table: 'sized', column: 'cover' }, 'select size, cover from sized');
  await tracked.run(`insert into sized values ('S', '${a}'), ('it''s "L"', '${b}')`);
  expect(await ids('sized')).toEqual(['S', `it's "L"`]);
  await tracked.run(`delete from sized where size = 'S'`);
});

test('times are the same whatever the session says', async () => {
  await tracked.track(
    { table: 'timed', column: 'cover' },
    `select format('["%s","%s","%s"]',
            coalesce(to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || case when at < '0001-01-01' then ' BC' else '' end, at::text),
            coalesce(to_char(day, 'YYYY-MM-DD') || case when day < '0001-01-01' then ' BC' else '' end, day::text),
            coalesce(to_char(stamp, 'YYYY-MM-DD"T"HH24:MI:SS.US') || case when stamp < '0001-01-01' then ' BC' else '' end, stamp::text)),
            cover from timed`,
  );
  const client = await tracked.registry.database.client();
  for (const [n, [zone, style]] of [
    ['UTC', 'ISO, YMD'],
    ['Asia/Kathmandu', 'German, DMY'],
    ['America/St_Johns', 'SQL, MDY'],
    ['-9', 'Postgres'],
  ].entries()) {
    await client.query(
      `set timezone = '${zone}'; set datestyle = '${style}'; set intervalstyle = 'sql_standard'`,
    );
    await client.query(
      `insert into timed values ('2026-03-29 02:30:00.123456+01', '2026-03-2${n}', '2026-12-01 10:00', '${a}')`,
    );
    await client.query(`update timed set cover = '${b}', at = at + interval '1 ms'`);
    await client.query(`update timed set cover = '${a}', at = at - interval '1 ms'`);
    await tracked.check();
  }
  expect((await ids('timed'))[0]).toBe(
    '["2026-03-29T01:30:00.123456Z","2026-03-20","2026-12-01T10:00:00.000000"]',
  );
  await client.query('delete from timed');
  await tracked.check();
});

test('times without end, and before the year 1', async () => {
  await tracked.pool.query(`
    insert into timed values ('infinity', '-infinity', 'infinity', '${a}'), ('0044-03-15 12:00+00 BC', '0044-03-15 BC', '0044-03-15 BC', '${a}'),
                             ('0044-03-15 12:00+00', '0044-03-15', '0044-03-15', '${a}'), ('12026-01-01 00:00+00', '12026-01-01', '12026-01-01', '${a}')`);
  expect(await ids('timed')).toEqual([
    '["0044-03-15T12:00:00.000000Z BC","0044-03-15 BC","0044-03-15T00:00:00.000000 BC"]',
    '["0044-03-15T12:00:00.000000Z","0044-03-15","0044-03-15T00:00:00.000000"]',
    '["12026-01-01T00:00:00.000000Z","12026-01-01","12026-01-01T00:00:00.000000"]',
    '["infinity","-infinity","infinity"]',
  ]);
  await tracked.pool.query(`update timed set cover = null where day < '2000-01-01'`);
  expect((await ids('timed')).length).toBe(1);
  await tracked.run('delete from timed');
});

test('domains are what they are made of', async () => {
  await tracked.track(
    { table: 'domains', column: 'cover' },
    `select format('["%s",%s]', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_json(code::text)), cover from domains`,
  );
  const client = await tracked.registry.database.client();
  await client.query(`insert into domains values ('2026-01-01 00:00+00', 'a "b" \\ ü', '${a}')`);
  await client.query(`set timezone = 'Asia/Tokyo'; set datestyle = 'German'`);
  await client.query(`update domains set cover = '${b}'`);
  await tracked.check();
  expect(await ids('domains')).toEqual([String.raw`["2026-01-01T00:00:00.000000Z","a \"b\" \\ ü"]`]);
  await client.query('delete from domains');
  await tracked.check();
});

test('numbers that are equal but have other texts', async () => {
  await tracked.track({ table: 'amount', column: 'cover' }, 'select amount, cover from amount');
  await tracked.track({ table: 'fixed', column: 'cover' }, 'select amount, cover from fixed');
  await tracked.run(`insert into amount values (1.0, '${a}'), ('NaN', '${a}'), (-2, '${b}')`);
  await tracked.run(`update amount set amount = 1.00 where amount = 1`);
  expect(await ids('amount')).toEqual(['-2', '1.00', 'NaN']);
  await tracked.run(`update amount set amount = 1.000, cover = '${b}' where amount = 1`);
  await tracked.run('delete from amount');
  await tracked.run(`insert into fixed values (1, '${a}')`);
  await tracked.run(`update fixed set amount = 1.00`);
  expect(await ids('fixed')).toEqual(['1.00']);
});

test('texts that a collation calls equal', async () => {
  await tracked.track({ table: 'loose', column: 'cover' }, 'select name collate "C", cover from loose');
  await tracked.track({ table: 'padded', column: 'cover' }, `select concat(name), cover from padded`);
  await tracked.run(`insert into loose values ('anna', '${a}'), ('berta', '${b}')`);
  await tracked.run(`update loose set name = 'Anna' where name = 'ANNA'`);
  await tracked.run(`update loose set name = upper(name), cover = '${b}'`);
  expect(await ids('loose')).toEqual(['ANNA', 'BERTA']);
  await tracked.run(
    `with gone as (delete from loose returning *) insert into loose select lower(name), cover from gone order by name`,
  );
  await tracked.run('delete from loose');
  await tracked.run(`insert into padded values ('ab', '${a}')`);
  await tracked.run(`update padded set name = 'ab  '`);
  expect(await ids('padded')).toEqual(['ab  ']);
});

test('composite keys in the order of the key, a unique column, generated ids', async () => {
  await tracked.track(
    { table: 'pair', column: 'cover' },
    `select format('["%s",%s]', a, to_json(b)), cover from pair`,
  );
  await tracked.track(
    { table: 'pair', column: 'picture', ownerType: 'slug', idColumn: 'slug' },
    'select slug, picture from pair',
  );
  await tracked.run(`insert into pair values ('a', 7, '${a}', '${a}', 's'), ('ü"[', 7, '${b}', '${b}', 't')`);
  expect(await ids('pair')).toEqual([String.raw`["7","a"]`, String.raw`["7","ü\"["]`].toSorted());
  await tracked.run(`update pair set a = a + 1, b = b || 'x' where b = 'a'`);
  await tracked.run(`update pair set slug = upper(slug)`);
  expect(await ids('slug')).toEqual(['S', 'T']);
  await tracked.track({ table: 'random', column: 'cover' }, 'select id, cover from random');
  await tracked.run(`insert into random (cover) values ('${a}'), ('${b}')`);
  await tracked.run(`update random set id = gen_random_uuid()`);
});

import { migrate, trackFileColumn } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../support/create-test-database.js';
import { wrongReferences } from './support/wrong-references.js';

// A registry whose owner is no superuser, tables of another role's, and an application that may write those and nothing else.
const database = await createTestDatabase();
const admin = database.pool();
const [keeper, landlord, application] = [await database.role(), await database.role(), await database.role()];
await admin.query(`
  grant create on database ${database.name} to ${keeper.name};
  create schema shop authorization ${landlord.name};
  grant usage on schema shop to ${application.name}, ${keeper.name};
  grant ${landlord.name} to ${keeper.name};
  revoke create on schema public from public;`);
const [keeperPool, landlordPool, applicationPool] = [keeper, landlord, application].map((role) =>
  database.pool({ role }),
) as [typeof admin, typeof admin, typeof admin];
await migrate(keeperPool, { schema: 'keeper' });
await landlordPool.query(`
  create type shop.state as enum ('draft', 'public');
  create table shop.article (id integer primary key, cover uuid, gallery uuid[], state shop.state);
  create table shop.other (id integer primary key, cover uuid) partition by range (id);
  create table shop.other_1 partition of shop.other default;
  grant select, insert, update, delete, truncate on all tables in schema shop to ${application.name};
  grant select on all tables in schema shop to ${keeper.name};`);
const track = (column: Parameters<typeof trackFileColumn>[1]) =>
  trackFileColumn(keeperPool, { ...column, registrySchema: 'keeper' });
await track({ table: 'shop.article', column: 'cover', where: `state is distinct from 'draft'` });
await track({ table: 'shop.article', column: 'gallery' });
await track({ table: 'shop.other', column: 'cover' });
await admin.query(`revoke ${landlord.name} from ${keeper.name}`);
await keeperPool.query(`
  insert into keeper.files (id, storage, key, content_type, size)
  select id, 'elsewhere', id::text, 'a/b', 1 from (select gen_random_uuid() as id from generate_series(1, 3)) x`);
const [a, b] = (await keeperPool.query('select id from keeper.files order by id')).rows.map(
  (row) => row.id as string,
);

async function check(): Promise<void> {
  const followed = [
    {
      ownerType: 'article',
      slot: 'cover',
      rows: `select id, cover from shop.article where state is distinct from 'draft'`,
    },
    { ownerType: 'article', slot: 'gallery', rows: 'select id, unnest(gallery) from shop.article' },
    { ownerType: 'other', slot: 'cover', rows: 'select id, cover from shop.other' },
  ];
  const inKeeper = {
    query: (text: string, values?: unknown[]) =>
      admin.query(text.replaceAll('file_registry.', 'keeper.'), values),
  };
  expect(await wrongReferences(inKeeper, followed)).toEqual([]);
}

test('an application without any right on the registry writes its table', async () => {
  await expect(applicationPool.query('select from keeper.files')).rejects.toMatchObject({ code: '42501' });
  for (const text of [
    `insert into shop.article values (1, '${a}', array['${b}']::uuid[], 'public'), (2, '${a}', null, 'draft')`,
    `update shop.article set state = 'public', id = id + 10`,
    `update shop.article set gallery = null, cover = '${b}' where id = 11`,
    `insert into shop.other values (1, '${a}')`,
    `update shop.other set id = 2`,
    `delete from shop.article where id = 12`,
    `truncate shop.article, shop.other`,
    `insert into shop.article values (1, '${a}', array['${b}']::uuid[], 'public')`,
  ]) {
    await applicationPool.query(text);
    await check();
  }
});

test('what a session sets changes nothing', async () => {
  const client = await database.client({ role: application });
  await client.query(`
    create temporary table files (id uuid); create temporary table file_references (x integer); create temporary table article (id integer);
    create temporary table pg_attribute (x integer); create temporary table changed (id integer); insert into pg_temp.changed values (1);
    create type pg_temp.uuid as (x integer);
    create function pg_temp.evil(anyelement) returns text language plpgsql as $$ begin raise exception 'evil ran'; end $$;
    create function pg_temp.concat(integer) returns text language plpgsql as $$ begin raise exception 'evil ran'; end $$;
    create function pg_temp.to_regclass(text) returns regclass language plpgsql as $$ begin raise exception 'evil ran'; end $$;
    create function pg_temp.unnest(uuid[]) returns setof uuid language plpgsql as $$ begin raise exception 'evil ran'; end $$;
    create function pg_temp.same(integer, integer) returns boolean language plpgsql as $$ begin raise exception 'evil ran'; end $$;
    create operator pg_temp.= (leftarg = integer, rightarg = integer, function = pg_temp.same);`);
  for (const settings of [
    `set search_path = pg_temp, pg_catalog`,
    `set search_path = ''`,
    `set search_path = pg_temp, shop, keeper, pg_catalog`,
    `set quote_all_identifiers = on`,
    `set check_function_bodies = off; set enable_indexscan = off`,
    `set default_transaction_isolation = 'serializable'`,
    `set enable_indexscan = on; set plan_cache_mode = force_generic_plan`,
    `set plan_cache_mode = force_custom_plan; set array_nulls = off; set xmloption = document; set extra_float_digits = -15`,
    `set row_security = off; set client_min_messages = error; set standard_conforming_strings = on`,
  ]) {
    await client.query(settings);
    await client.query(`update shop.article set cover = '${b}', gallery = array['${a}']::pg_catalog.uuid[]`);
    await check();
    await client.query(
      `update shop.article set cover = '${a}', gallery = array['${a}', '${b}']::pg_catalog.uuid[]`,
    );
    await client.query(
      `insert into shop.article values (5, '${a}'); delete from shop.article where id operator(pg_catalog.=) 5`,
    );
    await check();
  }
  await expect(check()).resolves.toBeUndefined();
});

test('rows that row-level security hides are an error, never rows that are gone', async () => {
  const before = await admin.query('select * from keeper.file_references');
  await landlordPool.query(
    `alter table shop.article enable row level security; create policy all_rows on shop.article to ${application.name} using (true)`,
  );
  await expect(applicationPool.query(`update shop.article set cover = null`)).rejects.toThrow(
    'affected by row-level security',
  );
  await expect(applicationPool.query(`delete from shop.article`)).rejects.toThrow(
    'affected by row-level security',
  );
  expect((await admin.query('select * from keeper.file_references')).rows).toEqual(before.rows);
  await landlordPool.query(`alter table shop.article disable row level security`);
  await check();
});

test('the owner of the table cannot have code of his run by putting other types in place of the columns', async () => {
  await landlordPool.query(`
    create type shop.evil as (x text);
    create function shop.evil_uuid(shop.evil) returns uuid language plpgsql as $$ begin raise exception 'evil ran as %', current_user; end $$;
    create cast (shop.evil as uuid) with function shop.evil_uuid(shop.evil) as implicit;
    create table shop.kept as select * from shop.article;`);
  for (const [change, undo, row] of [
    [
      'rename column cover to old_cover; alter table shop.article add column cover shop.evil',
      'drop column cover; alter table shop.article rename column old_cover to cover',
      `(id, cover) values (50, row('x'))`,
    ],
    [
      'rename column state to old_state; alter table shop.article add column state shop.evil',
      'drop column state; alter table shop.article rename column old_state to state',
      `(id, state) values (50, row('x'))`,
    ],
    [
      'rename column id to old_id; alter table shop.article add column id shop.evil',
      'drop column id; alter table shop.article rename column old_id to id',
      `(old_id, id) values (50, row('x'))`,
    ],
  ]) {
    await landlordPool.query(`alter table shop.article ${change}`);
    await expect(landlordPool.query(`insert into shop.article ${row}`)).rejects.toMatchObject({
      code: '55000',
    });
    await expect(landlordPool.query(`delete from shop.article`)).rejects.toMatchObject({ code: '55000' });
    await landlordPool.query(`alter table shop.article ${undo}`);
  }
  await applicationPool.query(`update shop.article set cover = '${b}'`);
  await check();
});

test('a renamed table or schema, or another table of its name, is refused with what to do', async () => {
  const refused = { code: '55000', hint: expect.stringContaining('untrackFileColumn') };
  await landlordPool.query('alter table shop.article rename to story');
  await expect(landlordPool.query(`update shop.story set cover = null`)).rejects.toMatchObject({
    ...refused,
    message: 'table shop.story is not the one whose column cover was tracked as shop.article',
  });
  await landlordPool.query('create table shop.article (like shop.story)');
  await expect(landlordPool.query(`delete from shop.story`)).rejects.toMatchObject(refused);
  await expect(landlordPool.query(`truncate shop.story`)).resolves.toBeDefined();
  await landlordPool.query('drop table shop.article; alter table shop.story rename to article');
  await landlordPool.query(`insert into shop.article values (1, '${a}')`);
  await check();
  await landlordPool.query('alter table shop.other rename to another');
  await expect(landlordPool.query(`insert into shop.another values (1, '${a}')`)).rejects.toMatchObject(
    refused,
  );
  await landlordPool.query('alter table shop.another rename to other');
  await check();
});

test('children by inheritance do no harm', async () => {
  await landlordPool.query(
    `create table shop.child () inherits (shop.article); insert into shop.child values (1, '${a}'), (2, '${a}')`,
  );
  await landlordPool.query(`update only shop.article set cover = '${b}' where id = 1`);
  const rows = () =>
    admin.query(
      `select owner_id, file_id from keeper.file_references where owner_type = 'article' and slot = 'cover'`,
    );
  expect((await rows()).rows).toEqual([{ owner_id: '1', file_id: b }]);
  await landlordPool.query(`delete from shop.article where id = 2`);
  await landlordPool.query(`delete from only shop.child`);
  expect((await rows()).rows).toEqual([{ owner_id: '1', file_id: b }]);
  await landlordPool.query(`drop table shop.child`);
  await check();
});

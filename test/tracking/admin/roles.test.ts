import { migrate, trackFileColumn, untrackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createTrackingDatabase } from './support/tracking-database.js';

// Who may track: the owner of the registry, with what it needs on the table. Nobody else, and nobody needs a superuser.
const registry = await createTrackingDatabase();
const { database } = registry;
const [owner, host, application] = [await database.role(), await database.role(), await database.role()];
const [asOwner, asHost, asApplication] = [owner, host, application].map((role) =>
  database.pool({ role, max: 1 }),
) as [any, any, any];
const tables = 'ordinary';
const column = { table: 'shop.article', column: 'cover', registrySchema: tables };

await registry.sql(`grant create, temporary on database ${database.name} to ${owner.name}, ${host.name}`);
await migrate(asOwner, { schema: tables });
await asOwner.query(`grant usage on schema ${tables} to ${application.name}, ${host.name}`);
await asOwner.query(`grant execute on all functions in schema ${tables} to ${application.name}`);

beforeEach(async () => {
  await registry.sql('drop schema if exists shop cascade');
  await registry.sql(`select ${tables}.untrack_column(id, false) from ${tables}.tracked_columns`);
  await asHost.query('create schema shop');
  await asHost.query('create table shop.article (id integer primary key, cover uuid, title text)');
  await asHost.query(`grant usage on schema shop to ${application.name}`);
  await asHost.query(`grant select, insert, update, delete on shop.article to ${application.name}`);
});

const file = async () => {
  const [{ id }] = await registry.sql(
    `insert into ${tables}.files (id, storage, key, content_type, size)
     select id, 'media', id || '.jpg', 'image/jpeg', 1 from gen_random_uuid() id returning id`,
  );
  return id as string;
};
const held = () =>
  registry.sql(`select owner_type, owner_id, slot from ${tables}.file_references order by 2`);

test('an owner of the registry who does not own the table is told, right after right, what is missing', async () => {
  const missing: [string, RegExp][] = [
    [`grant usage on schema shop to ${owner.name}`, /permission denied for schema shop/],
    [
      `grant select on shop.article to ${owner.name}`,
      /who owns the registry, may not read shop.article. grant select on shop.article to/,
    ],
    [
      `grant update on shop.article to ${owner.name}`,
      /permission denied for table article.*has SELECT, UPDATE and TRIGGER/,
    ],
    [
      `grant trigger on shop.article to ${owner.name}`,
      /permission denied for table article.*has SELECT, UPDATE and TRIGGER/,
    ],
  ];
  for (const [grant, message] of missing) {
    await expect(trackFileColumn(asOwner, column)).rejects.toThrow(message);
    await asHost.query(grant);
  }
  const id = await file();
  await asHost.query('insert into shop.article values (1, $1)', [id]);
  expect(await trackFileColumn(asOwner, column)).toEqual({ rows: 1, complete: true });
  await asApplication.query('insert into shop.article values (2, $1)', [id]);
  expect(await held()).toMatchObject([{ owner_id: '1' }, { owner_id: '2' }]);

  // Only the table's owner drops triggers.
  await expect(untrackFileColumn(asOwner, column)).rejects.toThrow(/member of the table's owner/);
  await registry.sql(`grant ${host.name} to ${owner.name}`);
  expect(await untrackFileColumn(asOwner, { ...column, references: 'release' })).toEqual({ released: 2 });
  await registry.sql(`revoke ${host.name} from ${owner.name}`);
});

test('the owner of the table who does not own the registry is refused', async () => {
  await expect(trackFileColumn(asHost, column)).rejects.toThrow(
    /track_column was refused .*owns the registry's schema/,
  );
  await asHost.query(
    `grant usage on schema shop to ${owner.name}; grant select on shop.article to ${owner.name}`,
  );
  await registry.sql(`grant execute on all functions in schema ${tables} to ${host.name}`);
  await expect(trackFileColumn(asHost, column)).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  await registry.sql(`revoke execute on all functions in schema ${tables} from ${host.name}`);
  expect(await registry.sql(`select from ${tables}.tracked_columns`)).toEqual([]);
});

test('a superuser tracks for the owner of the registry, whose the functions are', async () => {
  await asHost.query(
    `grant usage on schema shop to ${owner.name}; grant select on shop.article to ${owner.name}`,
  );
  await trackFileColumn(registry.pool, column);
  const functions = await registry.sql(
    `select distinct pg_get_userbyid(proowner) as owner, has_function_privilege('public', oid, 'execute') as open
       from pg_proc where proname ~ '^tracked_\\d' and pronamespace = '${tables}'::regnamespace`,
  );
  expect(functions).toEqual([{ owner: owner.name, open: false }]);

  const id = await file();
  await asApplication.query('insert into shop.article values (1, $1)', [id]);
  await asApplication.query('update shop.article set id = 7');
  expect((await held()).at(-1)).toMatchObject({ owner_id: '7' });
  await asApplication.query('delete from shop.article');
});

test('a superuser is told what the owner of the registry may not read', async () => {
  await expect(trackFileColumn(registry.pool, column)).rejects.toThrow(
    new RegExp(`grant select on shop.article to ${owner.name}; grant usage on schema shop to ${owner.name}`),
  );
});

test('row-level security that would hide rows from the owner of the registry', async () => {
  await asHost.query(`grant usage on schema shop to ${owner.name}`);
  await asHost.query(`grant select, update, trigger on shop.article to ${owner.name}`);
  await asHost.query('alter table shop.article enable row level security');
  await expect(trackFileColumn(asOwner, column)).rejects.toThrow(
    /row-level security may hide rows.*bypassrls/,
  );

  await registry.sql(`alter role ${owner.name} bypassrls`);
  await trackFileColumn(asOwner, column);
  await registry.sql(`alter role ${owner.name} nobypassrls`);
});

test('an application’s role may write the table and nothing of the tracking', async () => {
  await asHost.query(
    `grant usage on schema shop to ${owner.name}; grant select on shop.article to ${owner.name}`,
  );
  await trackFileColumn(registry.pool, { ...column, existing: 'later' });
  const [{ id }] = await registry.sql(`select id from ${tables}.tracked_columns`);
  await asOwner.query(`grant execute on all functions in schema ${tables} to ${application.name}`);
  for (const call of [
    `track_column('shop.article', 'cover', null, 'x', 'x', null, null, false)`,
    `take_in_rows(${id}, 10, false)`,
    `take_in_rows(${id}, 10, true)`,
    `untrack_column(${id}, false)`,
    `untrack_column(${id}, true)`,
    `release_tracked(${id}, 10)`,
    `write_tracking_triggers(t) from ${tables}.tracked_columns t`,
    `hold_tracked(${id}, 'x', 'x', array['1'], array['${await file()}'::uuid])`,
    `drop_surplus('x', 'x', array['1'], array[]::text[], array[]::uuid[])`,
    `attach_rows(array['${await file()}'::uuid], array['x'], array['1'], array['x'])`,
  ]) {
    await expect(asApplication.query(`select ${tables}.${call}`), call).rejects.toMatchObject({
      code: '42501',
    });
  }
  await expect(asApplication.query(`select from ${tables}.tracked_columns`)).rejects.toMatchObject({
    code: '42501',
  });
  await asApplication.query('insert into shop.article values (1, $1)', [await file()]);
  await asApplication.query('delete from shop.article');
});

test('a role that may create no temporary table tracks without a condition', async () => {
  await registry.sql(
    `revoke temporary on database ${database.name} from ${owner.name}, ${host.name}, public`,
  );
  await registry.sql(`grant ${host.name} to ${owner.name}`);
  try {
    await expect(trackFileColumn(asOwner, { ...column, where: 'title is null' })).rejects.toThrow(
      /temporary tables/,
    );
    await trackFileColumn(asOwner, column);
  } finally {
    await registry.sql(`grant temporary on database ${database.name} to ${owner.name}, ${host.name}, public`);
    await registry.sql(`revoke ${host.name} from ${owner.name}`);
  }
});

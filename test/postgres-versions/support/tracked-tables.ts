import { trackFileColumn } from 'nestjs-file-registry';
import type { Pool } from 'pg';
import { expect } from 'vitest';
import type { Queryable } from '../../support/queryable.js';
import { schema, tables } from './ordinary-database.js';

const options = { registrySchema: schema, batchSize: 2 };

/** Tables with a tracked column of every kind, made by who owns the registry, and the rights of the application's role on them. */
export async function createTrackedTables(owner: Pool, application: string): Promise<void> {
  await owner.query(`
    create schema "Shop";
    create type "Shop".kind as enum ('news', 'story');
    create domain "Shop".code as numeric(8, 2) check (value > 0);
    create table "Shop".author (id integer primary key);
    create table "Shop"."Ärticle" (id bigint primary key, author integer references "Shop".author on delete cascade,
                                   cover uuid, gallery uuid[], content jsonb, deleted_at timestamptz, title text);
    create table "Shop".page (kind "Shop".kind, code "Shop".code, cover uuid, primary key (kind, code));
    create table "Shop".event (id integer, at timestamptz, cover uuid, primary key (id, at)) partition by range (at);
    create table "Shop".event_2025 partition of "Shop".event for values from ('2025-01-01') to ('2026-01-01');
    create table "Shop".event_2026 partition of "Shop".event for values from ('2026-01-01') to ('2027-01-01');
    grant usage on schema "Shop" to ${application};
    grant select, insert, update, delete, truncate on all tables in schema "Shop" to ${application}`);
  const article = { table: 'Shop.Ärticle', ...options };
  await trackFileColumn(owner, { ...article, column: 'cover', where: 'deleted_at is null' });
  await trackFileColumn(owner, { ...article, column: 'gallery' });
  await trackFileColumn(owner, { ...article, column: 'content', path: '$.blocks[*].image', slot: 'images' });
  await trackFileColumn(owner, { ...options, table: 'Shop.page', column: 'cover' });
  await trackFileColumn(owner, { ...options, table: 'Shop.event', column: 'cover' });
}

/** What each row should hold, from the tables themselves, against what is held. */
export async function expectTracked(admin: Queryable): Promise<void> {
  const { rows: named } = await admin.query(`
    select 'Ärticle' as owner_type, id::text as owner_id, 'cover' as slot, cover as file_id
      from "Shop"."Ärticle" where cover is not null and deleted_at is null
     union
    select 'Ärticle', id::text, 'gallery', g from "Shop"."Ärticle", unnest(gallery) g where g is not null
     union
    select 'Ärticle', id::text, 'images', (jsonb_path_query(content, '$.blocks[*].image') #>> '{}')::uuid from "Shop"."Ärticle"
     union
    select 'page', json_build_array(kind::text, code::text)::text, 'cover', cover from "Shop".page where cover is not null
     union
    select 'event', json_build_array(id::text, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text, 'cover', cover
      from "Shop".event where cover is not null`);
  const { rows: held } = await admin.query(
    `select owner_type, owner_id, slot, file_id from ${tables}.file_references where owner_type in ('Ärticle', 'page', 'event')`,
  );
  const sorted = (rows: any[]) =>
    rows
      .map((row) => [row.owner_type, row.owner_id.replaceAll(' ', ''), row.slot, row.file_id].join(' '))
      .toSorted();
  expect(sorted(held)).toEqual(sorted(named));
}

/** Writes the tables in every way that this version knows, and compares after each. Answers how many ways there were. */
export async function writeEverything(
  application: Pool,
  admin: Queryable,
  files: readonly string[],
): Promise<number> {
  const [a, b, c] = files;
  const { rows } = await admin.query(
    `select current_setting('server_version_num')::integer >= 150000 as merges`,
  );
  const image = JSON.stringify({ blocks: [{ image: c }, { text: 'x' }, { image: a }] });
  const merge = `merge into "Shop"."Ärticle" t
    using (values (1, '${a}'::uuid), (9, '${b}'::uuid), (3, null)) as s(id, cover) on t.id = s.id
     when matched and s.cover is null then delete
     when matched then update set cover = s.cover
     when not matched then insert (id, cover) values (s.id, s.cover)`;
  const ways = [
    `insert into "Shop".author values (1), (2)`,
    `insert into "Shop"."Ärticle" values (1, 1, '${a}', array['${a}', '${b}', null, '${a}']::uuid[], '${image}'),
                                         (2, 1, '${b}', '{}', '{}'), (3, 2, null, null, null), (4, 2, '${c}', null, null)`,
    `insert into "Shop"."Ärticle" (id, cover) values (2, '${c}'), (5, '${c}') on conflict (id) do update set cover = excluded.cover`,
    `update "Shop"."Ärticle" set title = 'unchanged'`,
    `update "Shop"."Ärticle" set id = id + 100 where id >= 4`,
    `update "Shop"."Ärticle" set gallery = gallery || '${c}'::uuid, content = jsonb_set(content, '{blocks,0,image}', '"${b}"') where id = 1`,
    `update "Shop"."Ärticle" set deleted_at = now() where id < 3`,
    `update "Shop"."Ärticle" set deleted_at = null where id = 1`,
    ...(rows[0].merges ? [merge] : []),
    `insert into "Shop".page values ('news', 1.50, '${a}'), ('story', 2, '${b}')`,
    `update "Shop".page set kind = 'story', code = 3 where kind = 'news'`,
    `insert into "Shop".event values (1, '2025-05-05', '${a}'), (2, '2026-05-05', '${b}'), (3, '2026-06-06', '${c}')`,
    `update "Shop".event set at = '2026-07-07 12:00:00.5+02' where id = 1`,
    `delete from "Shop".event_2026 where id = 2`,
    `truncate "Shop".event_2026`,
    `insert into "Shop".event values (4, '2025-05-05', '${a}')`,
    `delete from "Shop".author where id = 1`,
    `truncate "Shop".page, "Shop".event`,
    `delete from "Shop"."Ärticle"`,
  ];
  for (const way of ways) {
    await application.query(way);
    await expectTracked(admin);
  }
  await application.query('delete from "Shop".author');
  return ways.length;
}

/** Rows that stay, for a dump. */
export async function fillTables(application: Pool, files: readonly string[]): Promise<void> {
  const [a, b, c] = files;
  await application.query(`
    insert into "Shop"."Ärticle" (id, cover, gallery, content)
    values (1, '${a}', array['${b}', '${c}']::uuid[], '{"blocks": [{"image": "${c}"}]}'), (2, null, null, null);
    insert into "Shop".page values ('news', 1.50, '${a}');
    insert into "Shop".event values (1, '2025-05-05 10:00+00', '${a}'), (2, '2026-05-05 10:00+00', '${b}')`);
}

export async function storeFiles(admin: Queryable): Promise<string[]> {
  const { rows } = await admin.query(`
    insert into ${tables}.files (id, storage, key, content_type, size)
    select id, 'nowhere', id || '.jpg', 'image/jpeg', 1 from (select gen_random_uuid() as id from generate_series(1, 3)) i
    returning id`);
  return rows.map(({ id }) => id);
}

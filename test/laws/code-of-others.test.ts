import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { trackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createAttackedDatabase } from './support/attacked-database.js';

// The functions run as their owner. Nothing that a role with EXECUTE and TEMP defines may run inside them.
const laws = await createAttackedDatabase();
const role = await laws.database.role();
const owner = (await laws.sql('select current_user as name'))[0].name as string;
let attacker: Client;

await laws.sql('create table public.article (id text primary key, picture uuid)');
await trackFileColumn(laws.database.pool({ max: 1 }), { table: 'article', column: 'picture' });
await laws.sql(`grant select, insert, update, delete, truncate on public.article to ${role.name}`);
const [tracked] = await laws.sql('select id from file_registry.tracked_columns');

await laws.sql(`grant usage on schema file_registry to ${role.name}`);
await laws.sql(`grant execute on all functions in schema file_registry to ${role.name}`);
await laws.sql(`create table public.trace (as_user text, what text); grant insert on public.trace to public`);

/** Code of the attacker's: leaves a trace of whom it ran as. */
const traced = (signature: string, returns: string, result: string) => `
  create function ${signature} returns ${returns} language plpgsql as $$
  begin insert into public.trace values (current_user, '${signature.replaceAll("'", '')}'); return ${result}; end $$`;

beforeEach(async () => {
  attacker = await laws.database.client({ role });
});

const asOwner = () => laws.sql('select what from public.trace where as_user = $1', [owner]);

/** Every verb once, from an upload to its receipt. */
async function wholeLife(session: Client): Promise<void> {
  const id = randomUUID();
  const key = `2026/11/${id}.jpg`;
  const ids = `{${id}}`;
  const [small, token] = [randomUUID(), randomUUID()];
  const calls: [string, unknown[]][] = [
    [`reserve($1, 'media', $2, 'photo.jpg', 60000)`, [id, key]],
    ['renew_reservation($1, 60000)', [id]],
    [`finish_upload($1, null, 'image/jpeg', 1, null, '{}')`, [id]],
    [`attach($1, 'article', '1', 'cover')`, [ids]],
    [`attach_many($1)`, [JSON.stringify([{ fileId: id, type: 'article', id: '2', slot: 'cover' }])]],
    [`replace('article', '1', 'cover', $1)`, [ids]],
    ['find_files($1)', [ids]],
    [`files_of('[{"type":"article","id":"1"}]')`, []],
    ['references_of($1, null, null, null, 10)', [id]],
    ['count_references($1)', [ids]],
    [`begin_rendition($1, 'size=1', $2, 60000)`, [id, token]],
    [`renew_rendition_lease($1, 'size=1', $2, 60000)`, [id, token]],
    [`reserve($1, 'media', $2, 'photo.jpg', 60000)`, [small, `2026/11/${small}.jpg`]],
    [`finish_rendition($1, null, 'image/jpeg', 1, null, '{}', $2, 'size=1', $3, false)`, [small, id, token]],
    [`begin_rendition($1, 'size=2', $2, 60000)`, [id, token]],
    [`fail_rendition($1, 'size=2', $2, '{"message":"e"}', 1000)`, [id, token]],
    [`begin_rendition($1, 'size=3', $2, 60000)`, [id, token]],
    [`release_rendition($1, 'size=3', $2)`, [id, token]],
    [`renditions_of($1, 'sized', '1', null)`, [ids]],
    [`detach_renditions($1, 'sized', '1', null)`, [ids]],
    [`detach($1, 'article', '1', 'cover')`, [ids]],
    ['list_tracked_columns()', []],
    ['track_new_partitions()', []],
    [`verify_tracked_rows(${tracked.id}, '["a"]', 10)`, []],
    [`verify_tracked_owners(${tracked.id}, '', 10)`, []],
    [`detach_all('article', '2', null)`, []],
    [`detach_all_many('[{"type":"article","id":"2"}]')`, []],
    [`stats('[{"reason":"detached","periodMs":0}]')`, []],
    [`health('[{"reason":"detached","periodMs":0}]', '{media}', 10)`, []],
    [
      `due_work('[{"reason":"detached","periodMs":0,"afterNotedAt":"-infinity","afterSeq":0}]', '{media}', 0, null)`,
      [],
    ],
    [`settle('detached', 0, 100, '-infinity', 0)`, []],
    [`claim_deletions('media', 100, $1, 60000)`, [id]],
    ['deletions_of($1)', [ids]],
    ['renew_lease($1, $2, 60000)', [id, ids]],
    ['fail_deletions($1, $2, 3, 0, 0)', [id, JSON.stringify([{ fileId: id, error: 'e', permanent: true }])]],
    [`retry_stuck('media')`, []],
    [`claim_deletions('media', 100, $1, 60000)`, [id]],
    ['complete_deletions($1, $2, 0)', [id, ids]],
    ['discard($1)', [ids]],
    ['explain_missing($1)', [ids]],
    ['prune_receipts(0, 100)', []],
    ['schema_version()', []],
  ];
  for (const [call, values] of calls) {
    await session.query(`select file_registry.${call}`, values);
    if (call.startsWith('finish_upload')) await rowsOfTrackedTable(session, id);
  }
}

/** Every way in which the triggers of a tracked column are called. */
async function rowsOfTrackedTable(session: Client, file: string): Promise<void> {
  await session.query(`insert into public.article values ('a', $1)`, [file]);
  await session.query(`update public.article set id = 'b'`);
  await session.query('truncate public.article');
  await session.query(`insert into public.article values ('a', $1)`, [file]);
  await session.query('delete from public.article');
}

test('temporary types, domains and tables named like what the functions use are not taken for it', async () => {
  await attacker.query(traced('pg_temp.trap(text)', 'boolean', 'true'));
  for (const type of [
    'uuid',
    'text',
    'integer',
    'int4',
    'int8',
    'json',
    'jsonb',
    'interval',
    'timestamptz',
    'tid',
    'name',
  ]) {
    await attacker.query(`create domain pg_temp.${type} as pg_catalog.text check (pg_temp.trap(value))`);
  }
  const tables = [
    'files',
    'file_references',
    'deletion_outbox',
    'deletions',
    'adopted_keys',
    'rendition_leases',
    'settings',
    'migrations',
  ];
  for (const table of [...tables, 'gone', 'begun', 'due', 'above', 'below', 'ended', 'pg_class', 'pg_type']) {
    await attacker.query(`create temporary table ${table} (id pg_catalog.uuid, file_id pg_catalog.uuid)`);
  }

  await wholeLife(attacker);
  expect(await asOwner()).toEqual([]);
});

test('functions and operators of the attacker are not taken, whatever search_path says', async () => {
  await laws.sql(`create schema if not exists lair authorization ${role.name}`);
  await attacker.query(traced('lair.clock_timestamp()', 'timestamptz', 'pg_catalog.now()'));
  await attacker.query(traced('lair.starts_with(text, text)', 'boolean', 'true'));
  await attacker.query(traced('lair.split_part(text, text, integer)', 'text', `''`));
  await attacker.query(traced('lair.cardinality(uuid[])', 'integer', '1'));
  await attacker.query(traced('lair.set_config(text, text, boolean)', 'text', `''`));
  await attacker.query(traced('lair.same(uuid, uuid)', 'boolean', 'true'));
  await attacker.query(traced('lair.same(text, text)', 'boolean', 'true'));
  await attacker.query('create operator lair.= (leftarg = uuid, rightarg = uuid, function = lair.same)');
  await attacker.query('create operator lair.= (leftarg = text, rightarg = text, function = lair.same)');
  await attacker.query('set search_path = lair, pg_temp, pg_catalog');

  await wholeLife(attacker);
  expect(await asOwner()).toEqual([]);
});

const triggers = {
  note_detached: 'after delete referencing old table as gone for each statement',
  begin_files: 'after insert referencing new table as begun for each statement',
  guard_files: 'after update for each row',
  condemn_files: 'after delete referencing old table as gone for each statement',
  guard_outbox: 'after delete referencing old table as gone for each statement',
  guard_new_deletions: 'after insert referencing new table as due for each statement',
  guard_deletions: 'after delete referencing old table as gone for each statement',
  guard_adopted_keys: 'after delete referencing old table as gone for each statement',
  guard_late_writes: 'after update for each row',
  guard_holder: 'before insert for each row',
};

const trackingTriggers = [
  ['release_truncated', 'before truncate on trap for each statement', `'${tracked.id}'`],
  [
    `tracked_${tracked.id}_statement`,
    'after insert on trap referencing new table as changed for each statement',
    '',
  ],
  [`tracked_${tracked.id}_row`, 'after insert or update or delete on trap for each row', ''],
] as const;

test('every trigger function that reads rows is tried', async () => {
  const rows = await laws.sql(
    `select proname as name from pg_proc
      where pronamespace = 'file_registry'::regnamespace and prorettype = 'trigger'::regtype and proname <> 'refuse'`,
  );
  expect(rows.map(({ name }) => name).toSorted()).toEqual(
    [...Object.keys(triggers), ...trackingTriggers.map(([name]) => name)].toSorted(),
  );
});

test.for(Object.entries(triggers))(
  'the trigger function %s cannot be hung on a table of the attacker, whose casts it would run',
  async ([name, event]) => {
    const [when, change, ...rest] = event.split(' ');
    await attacker.query(`create type pg_temp.bait as enum ('bait')`);
    for (const type of ['uuid', 'text']) {
      await attacker.query(
        traced(`pg_temp.to_${type}(pg_temp.bait)`, type, `pg_catalog.gen_random_uuid()::text::${type}`),
      );
      await attacker.query(
        `create cast (pg_temp.bait as ${type}) with function pg_temp.to_${type}(pg_temp.bait) as implicit`,
      );
    }
    const columns = [
      'id',
      'file_id',
      'holder_id',
      'owner_type',
      'owner_id',
      'slot',
      'storage',
      'key',
      'version_id',
    ];
    await attacker.query(
      `create temporary table trap (${columns.map((column) => `${column} pg_temp.bait default 'bait'`).join(', ')},
         filename text, size bigint, state text default 'condemned')`,
    );
    const trap = `create trigger trap ${when} ${change} on trap ${rest.join(' ')} execute function file_registry.${name}()`;

    await attacker.query(trap);
    await expect(
      attacker.query('insert into trap default values; update trap set size = 2; delete from trap'),
    ).rejects.toMatchObject({ code: '42501', message: expect.stringContaining('belong to its own tables') });
    expect(await asOwner()).toEqual([]);
  },
);

test('whoever is not granted EXECUTE cannot hang the functions anywhere', async () => {
  const other = await laws.database.client({ role: await laws.database.role() });
  await other.query('create temporary table trap (id uuid)');
  await expect(
    other.query(
      'create trigger trap before insert on trap for each row execute function file_registry.guard_holder()',
    ),
  ).rejects.toMatchObject({ code: '42501' });
});

test.for(trackingTriggers)(
  'the trigger function %s of a tracked column acts for no other table, whatever is called like it',
  async ([name, event, argument]) => {
    await attacker.query(`create type pg_temp.bait as enum ('bait')`);
    for (const type of ['uuid', 'text']) {
      await attacker.query(
        traced(`pg_temp.to_${type}(pg_temp.bait)`, type, `pg_catalog.gen_random_uuid()::text::${type}`),
      );
      await attacker.query(
        `create cast (pg_temp.bait as ${type}) with function pg_temp.to_${type}(pg_temp.bait) as implicit`,
      );
    }
    await attacker.query(traced('pg_temp.same(pg_temp.bait, text)', 'boolean', 'true'));
    await attacker.query(
      'create operator pg_temp.= (leftarg = pg_temp.bait, rightarg = text, function = pg_temp.same)',
    );
    // One in a schema of its own, and one that hides the tracked table.
    for (const table of ['trap', 'article']) {
      await attacker.query(
        `create temporary table ${table} (id pg_temp.bait default 'bait', picture pg_temp.bait default 'bait')`,
      );
      await attacker.query(
        `create trigger trap ${event.replace('trap', `pg_temp.${table}`)} execute function file_registry.${name}(${argument})`,
      );
      for (const change of [`insert into pg_temp.${table} default values`, `truncate pg_temp.${table}`]) {
        if (event.includes('truncate') !== change.startsWith('truncate')) continue;
        await expect(attacker.query(change)).rejects.toMatchObject({
          code: '55000',
          message: expect.stringContaining('is not the one whose column'),
        });
      }
    }
    expect(await asOwner()).toEqual([]);
  },
);

test('whoever owns the table of a tracked column cannot bring types and casts of his own into its triggers', async () => {
  await laws.sql(`create schema if not exists lair authorization ${role.name}`);
  await laws.sql(`grant usage on schema lair to ${owner}`);
  await attacker.query('create table lair.page (id integer primary key, cover uuid, shown boolean)');
  const page = { table: 'lair.page', column: 'cover', where: 'shown' };
  await trackFileColumn(laws.database.pool({ max: 1 }), page);

  await attacker.query(`create type lair.bait as enum ('bait')`);
  for (const type of ['uuid', 'boolean']) {
    await attacker.query(traced(`lair.to_${type}(lair.bait)`, type, 'null'));
    await attacker.query(
      `create cast (lair.bait as ${type}) with function lair.to_${type}(lair.bait) as implicit`,
    );
  }
  await attacker.query('alter table lair.page drop column cover cascade');
  await attacker.query('alter table lair.page drop column if exists shown cascade');
  await attacker.query(
    `alter table lair.page add column cover lair.bait default 'bait', add column shown lair.bait`,
  );

  for (const change of [`insert into lair.page values (1)`, 'delete from lair.page']) {
    await expect(attacker.query(change)).rejects.toMatchObject({ code: '55000' });
  }
  expect(await asOwner()).toEqual([]);
});

test('functions that run as their caller, called by the attacker first, are not spoilt for those that call them as the owner', async () => {
  const file = await laws.file();
  // Told rather than written: what fails afterwards would take a row back.
  const ranAs = new Set<string | undefined>();
  attacker.on('notice', ({ message }) => ranAs.add(message));
  const noted = (signature: string, returns: string, result: string) => `
    create or replace function ${signature} returns ${returns} language plpgsql as $$
    begin raise notice '%', current_user; return ${result}; end $$`;
  await laws.sql(`create schema if not exists den authorization ${role.name}`);
  await attacker.query(noted('den.trap(text)', 'boolean', 'true'));
  for (const type of ['uuid', 'text', 'integer', 'int4', 'json', 'jsonb', 'record', 'name', 'bool']) {
    await attacker.query(
      `create domain den.${type} as pg_catalog.text check (den.trap(value::pg_catalog.text))`,
    );
  }
  await attacker.query(noted('den.cardinality(pg_catalog.uuid[])', 'pg_catalog.int4', '1'));
  await attacker.query(
    noted('den.json_build_object(pg_catalog.text, pg_catalog.int4)', 'pg_catalog.json', `'{}'`),
  );
  await attacker.query(noted('den.starts_with(pg_catalog.text, pg_catalog.text)', 'pg_catalog.bool', 'true'));
  for (const type of ['uuid', 'text', 'int4']) {
    await attacker.query(
      noted(`den.same(pg_catalog.${type}, pg_catalog.${type})`, 'pg_catalog.bool', 'true'),
    );
    await attacker.query(
      `create operator den.= (leftarg = pg_catalog.${type}, rightarg = pg_catalog.${type}, function = den.same)`,
    );
    await attacker.query(
      `create operator den.< (leftarg = pg_catalog.${type}, rightarg = pg_catalog.${type}, function = den.same)`,
    );
  }

  for (const path of ['den, pg_temp, pg_catalog', 'pg_catalog']) {
    await attacker.query(`set search_path = ${path}`);
    // As itself it may not read the tables, but the functions are compiled and planned by now.
    for (const call of [
      `attach_rows(array[$1::pg_catalog.uuid], array['thing'], array['1'], array['cover'])`,
      `drop_surplus('thing', 'cover', array['1'], array['1'], array[$1::pg_catalog.uuid])`,
      `refuse_owner('thing', $1)`,
    ]) {
      await expect(attacker.query(`select file_registry.${call}`, [file])).rejects.toMatchObject({
        code: '42501',
      });
    }
    await attacker.query(`select file_registry.attach(array[$1::pg_catalog.uuid], 'thing', '1', 'cover')`, [
      file,
    ]);
    await attacker.query(`select file_registry.replace('thing', '1', 'cover', array[$1::pg_catalog.uuid])`, [
      file,
    ]);
    await attacker.query(`select file_registry.detach_all('thing', '1', null)`);
    await attacker.query(`insert into public.article values ('c', $1)`, [file]);
    await attacker.query('delete from public.article');
  }
  expect([...ranAs]).toEqual([role.name]);
});

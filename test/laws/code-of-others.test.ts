import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { createAttackedDatabase } from './support/attacked-database.js';

// The functions run as their owner. Nothing that a role with EXECUTE and TEMP defines may run inside them.
const laws = await createAttackedDatabase();
const role = await laws.database.role();
const owner = (await laws.sql('select current_user as name'))[0].name as string;
let attacker: Client;

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
    [`detach($1, 'article', '1', 'cover')`, [ids]],
    [`detach_all('article', '2', null)`, []],
    [`stats('[{"reason":"detached","periodMs":0}]')`, []],
    [
      `due_work('[{"reason":"detached","periodMs":0,"afterNotedAt":"-infinity","afterSeq":0}]', '{media}', 0, null)`,
      [],
    ],
    [`settle('detached', 0, 100, '-infinity', 0)`, []],
    [`claim_deletions('media', 100, $1, 60000)`, [id]],
    ['renew_lease($1, $2, 60000)', [id, ids]],
    ['fail_deletions($1, $2, 3, 0, 0)', [id, JSON.stringify([{ fileId: id, error: 'e', permanent: true }])]],
    [`retry_stuck('media')`, []],
    [`claim_deletions('media', 100, $1, 60000)`, [id]],
    ['complete_deletions($1, $2, 0)', [id, ids]],
    ['explain_missing($1)', [ids]],
    ['prune_receipts(0, 100)', []],
    ['schema_version()', []],
  ];
  for (const [call, values] of calls) {
    await session.query(`select file_registry.${call}`, values);
  }
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
    'settings',
    'migrations',
  ];
  for (const table of [...tables, 'gone', 'begun', 'due', 'pg_class', 'pg_type']) {
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
  condemn_files: 'after delete referencing old table as gone for each statement',
  guard_outbox: 'after delete referencing old table as gone for each statement',
  guard_new_deletions: 'after insert referencing new table as due for each statement',
  guard_deletions: 'after delete referencing old table as gone for each statement',
  guard_adopted_keys: 'after delete referencing old table as gone for each statement',
  guard_late_writes: 'after update for each row',
  guard_holder: 'before insert for each row',
};

test('every trigger function that reads rows is tried', async () => {
  const rows = await laws.sql(
    `select proname as name from pg_proc
      where pronamespace = 'file_registry'::regnamespace and prorettype = 'trigger'::regtype and proname <> 'refuse'`,
  );
  expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(triggers).toSorted());
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

import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';

const database = await createTestDatabase();
const pool = database.pool();

interface SchemaFunction {
  name: string;
  definer: boolean;
  settings: string[] | null;
  /** Parsed when it was created, so that no search path matters to it. */
  standardBody: boolean;
  publicExecute: boolean;
  overloads: number;
}

const { rows } = await pool.query<SchemaFunction>(`
  select p.proname as name, p.prosecdef as definer, p.proconfig as settings, p.prosqlbody is not null as "standardBody",
         p.proacl is null or exists (select from aclexplode(p.proacl) where grantee = 0) as "publicExecute",
         count(*) over (partition by p.proname)::int as overloads
    from pg_proc p
   where p.pronamespace = 'file_registry'::regnamespace
   order by p.proname`);

/** Used by checks and index predicates, which run as whoever writes the table. */
const forEverybody = ['is_generated_key'];

/** Set settings or answer from their arguments alone; nothing to protect from the caller. */
const ofArguments = [
  'begin_step',
  'is_generated_key',
  'is_rendition_like',
  'refuse_reserved_owner',
  'refuse_to_track',
  'require_fresh_snapshot',
  'require_own_table',
  'version_to_delete',
];

/** Parts of other functions, which run them as the owner; called by anybody else they fail for want of privileges. */
const partsOfOthers = [
  'attach_reserved',
  'attach_rows',
  'drop_surplus',
  'hold_tracked',
  'lock_key',
  'require_taken_in',
  'tracked_id_columns',
  'refuse_owner',
  'refuse_tracked_value',
  'refuse_tracking',
  'tracked_json_file',
  'tracked_owner_id',
  'tracked_select',
];

/** Change tables of the application, which takes the privileges of whoever migrates. */
const ofMigrations = [
  'check_tracked_table',
  'id_literals',
  'is_same_tracking',
  'is_unlogged',
  'tracked_source',
  'tracked_state',
  'tracking_trigger',
  'columns_of_condition',
  'drop_rowless',
  'drop_tracking_triggers',
  'is_id_type',
  'release_tracked',
  'take_in_rows',
  'track_column',
  'track_partitions',
  'untrack_column',
  'watched_now',
  'watches_its_columns',
  'write_tracking_function',
  'write_tracking_triggers',
];
const asCaller = [...ofArguments, ...partsOfOthers, ...ofMigrations].toSorted();

/** Rows that are hidden are an error, dates are read as they were written, and plans are what they are, whatever the session says. */
const alsoSet =
  /^(row_security=off|DateStyle=ISO, YMD|enable_(seqscan|hashjoin|mergejoin|nestloop)=(on|off)|jit=off)$/;

/** Run as the caller, in every transaction, where setting a path would cost more than it guards. */
const hotParts = ['attach_rows', 'drop_surplus', 'refuse_owner'];

test('there are functions to look at', () => {
  expect(rows.length).toBeGreaterThan(30);
});

test.for(rows.filter(({ definer }) => definer))(
  '$name runs as its owner with pg_catalog before pg_temp, and nothing else in its search path',
  ({ settings }) => {
    expect(settings?.filter((setting) => !alsoSet.test(setting))).toEqual([
      'search_path=pg_catalog, pg_temp',
    ]);
  },
);

test('no function is without a fixed search path, unless its body was parsed when it was created', () => {
  const loose = rows.filter(
    ({ settings, standardBody }) => !standardBody && !settings?.includes('search_path=pg_catalog, pg_temp'),
  );
  expect(loose.map(({ name }) => name)).toEqual(hotParts);
});

test('every function that touches a table runs as its owner', () => {
  expect(rows.filter(({ definer }) => !definer).map(({ name }) => name)).toEqual(asCaller);
});

test('nobody but the owner may execute a function unless it is granted', () => {
  expect(rows.filter(({ publicExecute }) => publicExecute).map(({ name }) => name)).toEqual(forEverybody);
});

test('no name is used twice, so that text arguments never choose the wrong function', () => {
  expect(rows.filter(({ overloads }) => overloads > 1)).toEqual([]);
});

test('nothing in the schema is granted to the public, and every table belongs to the owner of the schema', async () => {
  const grants = await pool.query(`
    select c.relname from pg_class c, aclexplode(c.relacl) where c.relnamespace = 'file_registry'::regnamespace and grantee = 0
     union all
    select nspname from pg_namespace, aclexplode(nspacl) where nspname = 'file_registry' and grantee = 0`);
  expect(grants.rows).toEqual([]);
  const owners = await pool.query(`
    select count(distinct owner)::int as owners
      from (select relowner as owner from pg_class where relnamespace = 'file_registry'::regnamespace
             union all select proowner from pg_proc where pronamespace = 'file_registry'::regnamespace
             union all select nspowner from pg_namespace where nspname = 'file_registry') o`);
  expect(owners.rows).toEqual([{ owners: 1 }]);
});

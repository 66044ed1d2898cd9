import { migrate, trackFileColumn } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { startPostgres } from '../support/start-postgres.js';

const calls = 40;
const postgres = await startPostgres({
  settings: {
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track': 'all',
    'pg_stat_statements.track_planning': 'on',
  },
});
const pool = new Pool({ connectionString: postgres.connectionString, max: 1 });
afterAll(async () => {
  await pool.end();
  await postgres.stop();
});
await migrate(pool);
await pool.query(`
  create extension pg_stat_statements;
  create table article (id bigint primary key, cover uuid);
  create table stored (n bigint primary key, a uuid not null default gen_random_uuid(), b uuid not null default gen_random_uuid());
  insert into stored select n from generate_series(1, 2000) n;
  insert into file_registry.files (id, storage, key, content_type, size)
  select id, 'media', id || '.jpg', 'image/jpeg', 1 from (select a as id from stored union all select b from stored) s;
  insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
  select id, 'other', id::text, 'cover' from file_registry.files`);
await trackFileColumn(pool, { table: 'article', column: 'cover' });
await pool.query('vacuum analyze');

const owner = `'article', s.n::text, 'gallery'`;
const one = `jsonb_build_array(jsonb_build_object('fileId', s.a, 'type', 'page', 'id', s.n::text, 'slot', 'cover'))`;

/** In this order, as each needs what the ones before it made. */
test.each([
  ['attach', `perform file_registry.attach(array[s.a], ${owner})`],
  ['attach with two files', `perform file_registry.attach(array[s.a, s.b], ${owner})`],
  ['attachMany', `perform file_registry.attach_many(${one})`],
  ['find', 'perform file_registry.find_files(array[s.a])'],
  ['filesOf', `perform file_registry.files_of(${one})`],
  ['count', 'perform file_registry.count_references(array[s.a])'],
  ['references', 'perform file_registry.references_of(s.a, null, null, null, 10)'],
  ['replace', `perform file_registry.replace(${owner}, array[s.b])`],
  ['detach', `perform file_registry.detach(array[s.b], ${owner})`],
  ['detach with two files', `perform file_registry.detach(array[s.a, s.b], ${owner})`],
  ['detachAll', `perform file_registry.detach_all('article', s.n::text, null)`],
  ['detachAll of many', `perform file_registry.detach_all_many(${one})`],
  ['an insert into a tracked table', 'insert into article values (s.n, s.a)'],
  ['an update of a tracked column', 'update article set cover = s.b where id = s.n'],
  ['a delete from a tracked table', 'delete from article where id = s.n'],
])('%s plans its statements once a session, not at each call', async (_, statement) => {
  await pool.query('select pg_stat_statements_reset()');
  await pool.query(
    `do $body$ declare s stored; begin for s in select * from stored where n <= ${calls} loop ${statement}; end loop; end $body$`,
  );

  const { rows } = await pool.query(
    `select query, plans::int, calls::int from pg_stat_statements where calls + plans >= $1 order by query`,
    [calls],
  );
  expect(rows.some((row) => row.calls >= calls)).toBe(true);
  expect(rows.filter(({ plans }) => plans > calls / 2)).toEqual([]);
});

import {
  trackedColumns,
  trackFileColumn,
  trackFileColumnSql,
  type TrackedFileColumn,
  untrackFileColumn,
  untrackFileColumnSql,
} from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createTrackingDatabase } from './support/tracking-database.js';

// The printed SQL does what the functions do, whatever is called how and whatever the session's settings are.
const registry = await createTrackingDatabase();
const [file] = await registry.files(1);
const odd = { schema: `My."sch'ema\\`, name: `it's a "tab\\le". Ünï ©` };
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const oddTable = `${quoted(odd.schema)}.${quoted(odd.name)}`;
const oddColumn = String.raw`co'ver\" $1.é`;
const oddId = String.raw`{i,d}"\'`;

beforeEach(async () => {
  await registry.forget('article', oddTable);
  await registry.sql(`
    create schema if not exists ${quoted(odd.schema)};
    create table ${oddTable} (${quoted(oddId)} text not null unique, ${quoted(oddColumn)} uuid, x text);
    create table article (id integer primary key, cover uuid, gallery uuid[], content jsonb, deleted_at timestamptz)`);
  await registry.sql(
    `insert into article values (1, $1, array[$1::uuid], jsonb_build_object('a b', $1::text))`,
    [file],
  );
  await registry.sql(`insert into ${oddTable} values ('1', $1, E'\\\\')`, [file]);
});

const cases: [string, TrackedFileColumn][] = [
  ['a plain column', { table: 'article', column: 'cover' }],
  [
    'every option',
    {
      table: 'public.article',
      column: 'gallery',
      slot: `g'\\`,
      ownerType: '"Æ"',
      idColumn: ['id'],
      where: `deleted_at is null -- 'x`,
      guarded: false,
    },
  ],
  ['a path', { table: 'article', column: 'content', path: `$."a b"`, slot: 'hero' }],
  ['odd names', { table: odd, column: oddColumn, idColumn: oddId, where: String.raw`x = E'\\' or x = '\'` }],
];

/** Everything that tracking leaves in the database, without the number of the tracked column. */
async function traces(): Promise<unknown> {
  const columns = (await trackedColumns(registry.pool)).map((one) => ({ ...one, id: 0, trackedAt: null }));
  const plain = (rows: any[]) =>
    rows.map((row) =>
      JSON.stringify(row)
        .replaceAll(/(tracked|registry)_\d+/g, '$1_N')
        .replaceAll(
          /(hold_tracked|require_taken_in|refuse_tracking|watches_its_columns|tracked_json_file|release_truncated)\('?\d+/g,
          '$1(N',
        )
        .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+Z/g, 'T'),
    );
  return {
    columns,
    triggers: plain(
      await registry.sql(
        `select pg_get_triggerdef(oid) from pg_trigger where tgname like 'file_registry%' order by tgname`,
      ),
    ),
    functions: plain(
      await registry.sql(
        `select pg_get_functiondef(oid), proowner, proacl::text from pg_proc where proname ~ '^tracked_\\d' order by proname`,
      ),
    ),
    held: await registry.sql(
      'select owner_type, owner_id, slot, file_id from file_registry.file_references order by 1, 2, 3',
    ),
  };
}

test.for(cases)('%s', async ([, options]) => {
  await trackFileColumn(registry.pool, options);
  const expected = await traces();
  expect(expected).toMatchObject({
    columns: [{ state: 'tracking' }],
    functions: [{}, {}].map(() => expect.any(String)),
  });
  await untrackFileColumn(registry.pool, options);
  await registry.sql('delete from file_registry.file_references');

  for (const setting of ['on', 'off']) {
    const session = await registry.database.client();
    await session.query(
      `set standard_conforming_strings = ${setting}; set backslash_quote = on; set escape_string_warning = off`,
    );
    const sql = trackFileColumnSql(options);
    // As psql does: the text as it is, without parameters.
    if (setting === 'off' && options.where?.includes('\\')) {
      await session.query('set standard_conforming_strings = on');
    }
    await session.query(sql);
    expect(await traces()).toEqual(expected);
    await session.query(untrackFileColumnSql(options));
    expect(await trackedColumns(registry.pool)).toEqual([]);
    await registry.sql('delete from file_registry.file_references');
  }
});

test('the printed SQL may run twice', async () => {
  const sql = trackFileColumnSql({ table: 'article', column: 'cover' });
  await registry.sql(sql);
  const before = await traces();
  await registry.sql(sql);
  expect(await traces()).toEqual(before);
});

test('the printed SQL names what is wrong', async () => {
  await expect(registry.sql(trackFileColumnSql({ table: 'article', column: 'id' }))).rejects.toMatchObject({
    message: 'column id of public.article is integer',
    hint: expect.stringContaining('uuid'),
  });
});

test('another schema of the registry is quoted', () => {
  const sql = trackFileColumnSql({ table: 'a', column: 'b', registrySchema: 'my "files"' });
  expect(sql).toContain('select "my ""files""".take_in_rows(');
  expect(untrackFileColumnSql({ table: 'a.c', column: 'b' })).toContain(`t.table_schema = 'a'::name`);
});

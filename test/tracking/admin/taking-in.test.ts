import { Migrator } from 'kysely/migration';
import { trackedColumns, trackFileColumn, TrackedValueError } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { createTrackingDatabase } from './support/tracking-database.js';

// Rows that exist when tracking begins are taken in page by page, whatever identifies them, and an interrupted call is continued.
const registry = await createTrackingDatabase();
const column = { table: 'article', column: 'cover' };
const files = await registry.files(10);
await registry.sql(
  `create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
);

beforeEach(async () => {
  await registry.forget('article', 'only_parent');
});

async function articles(count: number): Promise<void> {
  await registry.sql('create table article (id integer primary key, cover uuid)');
  await registry.sql(
    'insert into article select i, ($1::uuid[])[1 + i % 10] from generate_series(1, $2::integer) i',
    [files, count],
  );
}

/** Takes in with pages of so many rows, and answers what onProgress was told. */
async function takeIn(batchSize: number, options: object = {}): Promise<number[]> {
  const told: number[] = [];
  const all = { ...column, ...options, batchSize, onProgress: (rows: number) => told.push(rows) };
  expect(await trackFileColumn(registry.pool, all)).toEqual({ rows: told.at(-1), complete: true });
  return told;
}

test.for([
  ['no row', 0, [0]],
  ['less than a page', 3, [3]],
  ['exactly a page', 4, [4, 4]],
  ['a page and a part', 6, [4, 6]],
  ['two pages', 8, [4, 8, 8]],
] as const)('%s', async ([, rows, pages]) => {
  await articles(rows);
  expect(await takeIn(4)).toEqual(pages);
  expect(await registry.held('article')).toEqual(await registry.named('article'));
  expect(await registry.state('article')).toBe('tracking');
  expect(await trackFileColumn(registry.pool, column)).toEqual({ rows: 0, complete: true });
});

test.for([
  ['uuid', 'uuid', 'gen_random_uuid()', 'id::text'],
  ['text in a collation without case', 'text collate blind', `chr(96 + i) || 'x''"\\,{}' || i`, 'id'],
  ['text in the default collation', 'text', `case i % 2 when 0 then 'Ä' else 'a' end || i || ' '`, 'id'],
  ['padded text', 'char(9)', `'a' || i`, `concat(id)`],
  ['numbers with a scale', 'numeric', `(i || '.50')::numeric`, 'id::text'],
  ['dates', 'date', `date '2026-01-25' + i`, `to_char(id, 'YYYY-MM-DD')`],
  [
    'timestamps',
    'timestamptz',
    `timestamptz '2026-01-25 12:00+00' + i * interval '1 day 1 second'`,
    `to_char(id at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  ],
] as const)('ids are %s', async ([, type, value, text]) => {
  await registry.sql(`create table article (id ${type} primary key, cover uuid)`);
  await registry.sql(
    `insert into article select ${value}, ($1::uuid[])[1 + i % 10] from generate_series(1, 11) i`,
    [files],
  );
  expect(await takeIn(3)).toEqual([3, 6, 9, 11]);
  expect(await registry.held('article')).toEqual(await registry.named('article', text));
});

test('sessions that write dates in another order continue each other', async () => {
  await registry.sql('create table article (id date primary key, cover uuid)');
  await registry.sql(`insert into article select date '2026-01-25' + i, $1 from generate_series(1, 30) i`, [
    files[0],
  ]);
  for (const style of ['SQL, DMY', 'SQL, MDY', 'Postgres, DMY']) {
    const pool = registry.database.pool({
      max: 1,
      options: `-c datestyle=${style.replace(' ', '')} -c timezone=Asia/Tokyo`,
    });
    const stop = {
      onProgress: () => {
        throw new Error('stop');
      },
    };
    await expect(trackFileColumn(pool, { ...column, batchSize: 7, ...stop })).rejects.toThrow('stop');
  }
  expect(await takeIn(7)).toEqual([7, 9]);
  expect(await registry.held('article')).toHaveLength(30);
});

test('ids of several columns, in an order of their own', async () => {
  await registry.sql(
    'create table article (a integer, b text, cover uuid, primary key (a, b) include (cover))',
  );
  await registry.sql(
    `insert into article select i / 4, 'x"' || i, ($1::uuid[])[1 + i % 10] from generate_series(1, 11) i`,
    [files],
  );
  const text = `'["' || a || '",' || to_json(b) || ']'`;
  expect(await takeIn(2)).toEqual([2, 4, 6, 8, 10, 11]);
  expect(await registry.held('article')).toEqual(await registry.named('article', text));

  expect(
    await takeIn(5, { idColumn: ['b', 'a'], slot: 'other', ownerType: 'x', existing: 'later' }).catch(
      (e) => e.message,
    ),
  ).toMatch(/is tracked already/);
});

test('columns with odd names, and an id called like what the statements use', async () => {
  await registry.sql(
    'create table article ("t, id" integer, "n" integer, cover uuid, primary key ("t, id", "n"))',
  );
  await registry.sql(`insert into article select i, -i, $1 from generate_series(1, 5) i`, [files[0]]);
  expect(await takeIn(2)).toEqual([2, 4, 5]);
  expect(await registry.held('article')).toHaveLength(5);
});

test('rows of a table that inherits are not the table’s', async () => {
  await registry.sql('create table only_parent (id integer primary key, cover uuid)');
  await registry.sql('create table only_child () inherits (only_parent)');
  await registry.sql('insert into only_parent select i, $1 from generate_series(1, 3) i', [files[0]]);
  await registry.sql('insert into only_child select i, $1 from generate_series(1, 9) i', [files[1]]);
  expect(await takeIn(2, { table: 'only_parent' })).toEqual([2, 3]);
  expect(await registry.held('only_parent')).toEqual(['1', '2', '3'].map((id) => [id, files[0]]));
});

test('partitions are taken in together', async () => {
  await registry.sql(`
    create table article (id integer primary key, cover uuid) partition by range (id);
    create table article_1 partition of article for values from (0) to (5);
    create table article_2 partition of article for values from (5) to (50)`);
  await registry.sql('insert into article select i, $1 from generate_series(1, 9) i', [files[0]]);
  expect(await takeIn(4)).toEqual([4, 8, 9]);
  expect(await registry.held('article')).toEqual(await registry.named('article'));
});

test('a signal stops between two pages, and the next call goes on', async () => {
  await articles(10);
  const stop = new AbortController();
  const onProgress = (rows: number) => rows >= 4 && stop.abort(new Error('enough'));
  const first = trackFileColumn(registry.pool, { ...column, batchSize: 4, signal: stop.signal, onProgress });
  await expect(first).rejects.toThrow('enough');
  expect(await registry.state('article')).toBe('takingIn');
  expect(await registry.held('article')).toHaveLength(4);
  expect(await takeIn(4)).toEqual([4, 6]);
});

test('what onProgress throws stops it, and the next call goes on', async () => {
  await articles(10);
  const onProgress = () => {
    throw new Error('the disk of the log is full');
  };
  await expect(trackFileColumn(registry.pool, { ...column, batchSize: 3, onProgress })).rejects.toThrow(
    'the disk',
  );
  expect(await takeIn(3)).toEqual([3, 6, 7]);
});

test('a connection that ends in the middle of a page leaves the pages before it', async () => {
  await articles(10);
  const lock = await registry.begun();
  await lock.query('select from article where id = 6 for update');
  const taking = trackFileColumn(registry.database.pool({ max: 1 }), { ...column, batchSize: 4 }).catch(
    (error) => error.code,
  );
  const pid = await registry.untilWaiting('take_in_rows');
  await registry.sql('select pg_terminate_backend($1)', [pid]);
  expect(await taking).toBe('DATABASE_UNAVAILABLE');
  await lock.query('rollback');
  expect(await registry.held('article')).toHaveLength(4);
  expect(await takeIn(4)).toEqual([4, 6]);
});

test('a row that names no file stops it; mended, it goes on there', async () => {
  await articles(10);
  const nobody = '00000000-0000-4000-8000-000000000000';
  await registry.sql('update article set cover = $1 where id = 7', [nobody]);
  const error = await trackFileColumn(registry.pool, { ...column, batchSize: 4 }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(TrackedValueError);
  expect((error as Error).message).toBe(
    `article.cover of row 7 names ${nobody}, which is no file. The column public.article.cover is tracked: what it names must be a file. ` +
      'Mend the row (null, or the id of a file), then call it again: it goes on from there.',
  );
  expect(await registry.held('article')).toHaveLength(4);

  await registry.sql('update article set cover = null where id = 7');
  expect(await takeIn(4)).toEqual([4, 6]);
  expect(await registry.held('article')).toEqual(await registry.named('article'));
});

test('later begins without the rows that are there, and the next call takes them in', async () => {
  await articles(5);
  expect(await trackFileColumn(registry.pool, { ...column, existing: 'later' })).toEqual({
    rows: 0,
    complete: false,
  });
  await registry.sql('insert into article values (99, $1)', [files[0]]);
  expect(await registry.held('article')).toEqual([['99', files[0]]]);
  expect(await takeIn(4)).toEqual([4, 6]);
});

test('again makes what is missing and drops what is too much, after triggers were switched off', async () => {
  await articles(6);
  await takeIn(4);
  const restore = await registry.database.client();
  await restore.query('set session_replication_role = replica');
  await restore.query('update article set cover = $1 where id = 2', [files[9]]);
  await restore.query('update article set cover = null where id = 3');
  await restore.query('insert into article values (7, $1)', [files[8]]);
  expect(await registry.held('article')).not.toEqual(await registry.named('article'));

  expect(await trackFileColumn(registry.pool, column)).toEqual({ rows: 0, complete: true });
  expect(await takeIn(4, { existing: 'again' })).toEqual([4, 7]);
  expect(await registry.held('article')).toEqual(await registry.named('article'));
  await registry.assertLaws();
});

test('again is continued like the first time', async () => {
  await articles(6);
  await takeIn(4);
  const onProgress = () => {
    throw new Error('stop');
  };
  await expect(
    trackFileColumn(registry.pool, { ...column, batchSize: 2, existing: 'again', onProgress }),
  ).rejects.toThrow('stop');
  expect(await registry.state('article')).toBe('takingIn');
  expect(await takeIn(2)).toEqual([2, 4, 4]);
});

test('inside a Kysely migration', async () => {
  await articles(3);
  const db = registry.database.kysely();
  const migrations = { '1-track': { up: async (trx: any) => void (await trackFileColumn(trx, column)) } };
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  expect(error).toBeUndefined();
  expect(await registry.state('article')).toBe('tracking');
  expect(await registry.held('article')).toHaveLength(3);
});

test('a transaction in which tracking was refused is to be rolled back', async () => {
  await articles(3);
  await registry.sql('update article set cover = gen_random_uuid() where id = 2');
  const db = registry.database.kysely();
  for (const [refused, code] of [
    [column, 'TRACKED_VALUE'],
    [{ ...column, column: 'nothing' }, 'INVALID_TRACKED_COLUMN'],
  ] as const) {
    const rolledBack = db.transaction().execute(async (trx) => {
      await expect(trackFileColumn(trx, refused)).rejects.toMatchObject({ code, kind: 'usage' });
      await trackedColumns(trx);
    });
    await expect(rolledBack).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
  }
});

test('a transaction that rolls back leaves nothing', async () => {
  await articles(3);
  const db = registry.database.kysely();
  const failed = db.transaction().execute(async (trx) => {
    expect(await trackFileColumn(trx, column)).toEqual({ rows: 3, complete: true });
    throw new Error('another step of the migration failed');
  });
  await expect(failed).rejects.toThrow('another step');
  expect(await registry.state('article')).toBeUndefined();
  expect(await registry.held('article')).toEqual([]);
  expect(await registry.sql(`select from pg_trigger where tgname like 'file_registry%'`)).toEqual([]);
  expect(await registry.sql(`select from pg_proc where proname ~ '^tracked_\\d'`)).toEqual([]);
});

test('a transaction above READ COMMITTED is refused, and a role whose default it is is not', async () => {
  await articles(3);
  const options = '-c default_transaction_isolation=serializable';
  const db = registry.database.kysely({ options });
  const inside = db.transaction().execute((trx) => trackFileColumn(trx, column));
  await expect(inside).rejects.toThrow(/in READ COMMITTED only. Begin the transaction with isolation level/);
  expect(await trackFileColumn(db, column)).toEqual({ rows: 3, complete: true });
});

test('a writer who does not end is waited for as long as the lock timeout says', async () => {
  await articles(3);
  const writer = await registry.begun();
  await writer.query('delete from article where id = 1');
  await expect(trackFileColumn(registry.pool, { ...column, lockTimeoutMs: 1 })).rejects.toMatchObject({
    code: 'TRANSACTION_CONFLICT',
    message: expect.stringContaining('lock timeout'),
  });
  expect(await registry.state('article')).toBeUndefined();
  await writer.query('commit');
  expect(await takeIn(4)).toEqual([2]);
});

test('a reader is not waited for, not when tracking begins and not when it is mended', async () => {
  await articles(3);
  const reader = await registry.begun();
  await reader.query('select from article');
  await takeIn(4);
  await registry.sql('alter table article disable trigger user');
  expect(await registry.state('article')).toBe('disabled');
  await trackFileColumn(registry.pool, { ...column, lockTimeoutMs: 1000 });
  expect(await registry.state('article')).toBe('tracking');
  await reader.query('commit');
});

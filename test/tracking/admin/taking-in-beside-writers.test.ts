import { trackFileColumn } from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { awaitedLater } from '../../support/awaited-later.js';
import { createTrackingDatabase, pidOf } from './support/tracking-database.js';

// Rows are taken in while the application writes them. Whatever the order, each row holds exactly what it says at the end.
const registry = await createTrackingDatabase();
const column = { table: 'article', column: 'cover' };
let files: string[];

beforeEach(async () => {
  await registry.forget('article');
  await registry.sql('create table article (id integer primary key, cover uuid, title text)');
  files = await registry.files(8);
  await registry.sql('insert into article select i * 10, ($1::uuid[])[i] from generate_series(1, 6) i', [
    files,
  ]);
  await trackFileColumn(registry.pool, { ...column, existing: 'later' });
});

/** What the rows name and do not hold, and what they hold and do not name. */
async function differences(): Promise<string[]> {
  await registry.assertLaws();
  const held = (await registry.held('article')).map(String);
  const named = (await registry.named('article')).map(String);
  return [...named.filter((one) => !held.includes(one)), ...held.filter((one) => !named.includes(one))];
}

/** Takes in pages of four while another session's change of a row in the page waits for its commit. */
async function afterTakingInBeside(change: string, values: unknown[] = []): Promise<string[]> {
  const writer = await registry.begun();
  await writer.query(change, values);
  const taking = awaitedLater(trackFileColumn(registry.pool, { ...column, batchSize: 4 }));
  await registry.untilWaiting('take_in_rows');
  await writer.query('commit');
  expect(await taking).toMatchObject({ complete: true });
  return differences();
}

test.for([
  ['changes what it names', 'update article set cover = $1 where id = 20', [7]],
  ['names nothing any more', 'update article set cover = null where id = 20', []],
  ['is deleted', 'delete from article where id = 20', []],
  ['moves to an id within the page', 'update article set id = 25 where id = 20', []],
  ['moves before the page', 'update article set id = 1 where id = 20', []],
  ['moves behind the page', 'update article set id = 55 where id = 20', []],
  ['is the last of its page and moves before it', 'update article set id = 1 where id = 40', []],
  ['is the last of its page and moves to the end', 'update article set id = 99 where id = 40', []],
  ['is the last of its page and is deleted', 'delete from article where id = 40', []],
  ['is rewritten without a change', 'update article set title = $2 where id = 20', [null, 'new']],
] as const)('a row that %s while its lock is awaited', async ([, change, values]) => {
  const parameters = values.map((value) => (typeof value === 'number' ? files[value] : value));
  expect(
    await afterTakingInBeside(
      change.replace('$2', '$1'),
      parameters.filter((value) => value !== null),
    ),
  ).toEqual([]);
});

test('a row that rolls its change back is taken in as it was', async () => {
  const writer = await registry.begun();
  await writer.query('delete from article where id = 20');
  const taking = awaitedLater(trackFileColumn(registry.pool, column));
  await registry.untilWaiting('take_in_rows');
  await writer.query('rollback');
  await taking;
  expect(await differences()).toEqual([]);
});

test('two rows that exchange their ids while the lock of one is awaited', async () => {
  expect(
    await afterTakingInBeside(
      'update article set id = case id when 20 then -50 else -20 end where id in (20, 50)',
    ),
  ).toEqual([]);
  const ids = await registry.sql('select id from article order by id');
  expect(ids.map(({ id }) => id)).toEqual([-50, -20, 10, 30, 40, 60]);
});

/**
 * Lets take_in_rows begin and stop after its rows are locked, before it attaches: it waits for the row of the file that the first
 * row names. What the others commit in between, it must not undo.
 */
async function afterWriting(work: () => Promise<void>): Promise<string[]> {
  const lock = await registry.begun();
  await lock.query('select from file_registry.files where id = $1 for update', [files[0]]);
  const taking = awaitedLater(trackFileColumn(registry.pool, column));
  await registry.untilWaiting('take_in_rows');
  await work();
  await lock.query('commit');
  expect(await taking).toEqual({ rows: 6, complete: true });
  return differences();
}

test('a row that is inserted, changed and deleted while the page attaches', async () => {
  const unequal = await afterWriting(async () => {
    await registry.sql('insert into article values (15, $1), (16, $1), (17, null)', [files[6]]);
    await registry.sql('update article set cover = $1 where id = 15', [files[7]]);
    await registry.sql('delete from article where id = 16');
    await registry.sql('update article set cover = $1 where id = 17', [files[7]]);
  });
  expect(unequal).toEqual([]);
});

/**
 * A row that came after the page's rows were locked, and before they are read, is not locked: it may change once more before the
 * page attaches. The gap is between two statements of take_in_rows; a lock on the table that the second one reads holds it open.
 */
test('a row that comes and goes between the lock of the page and its attaching', async () => {
  // The last row's lock is awaited while another session inserts within the page: the snapshot of the lock is older than it.
  const writer = await registry.begun();
  await writer.query('update article set title = $1 where id = 60', ['busy']);
  const file = await registry.begun();
  await file.query('select from file_registry.files where id = $1 for update', [files[0]]);

  const taking = awaitedLater(trackFileColumn(registry.pool, column));
  const pid = await registry.untilWaiting('take_in_rows');
  await registry.sql('insert into article values (15, $1), (16, $1), (17, $1)', [files[6]]);
  await writer.query('commit');
  await registry.untilBlockedBy(pid, pidOf(file));
  await registry.sql('delete from article where id = 15');
  await registry.sql('update article set cover = $1 where id = 16', [files[7]]);
  await registry.sql('update article set id = 61 where id = 17');
  await file.query('commit');

  await taking;
  expect(await differences()).toEqual([]);
});

test('two callers at once take in each row once', async () => {
  const all = await Promise.all(
    [1, 2, 3].map(() => trackFileColumn(registry.pool, { ...column, batchSize: 1 })),
  );
  expect(all.map(({ complete }) => complete)).toEqual([true, true, true]);
  expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(6);
  expect(await differences()).toEqual([]);
});

test('a transaction above READ COMMITTED that is older than the taking in does not lose it', async () => {
  const old = await registry.begun('repeatable read');
  await old.query('select 1 from article');
  await trackFileColumn(registry.pool, column);

  await expect(old.query('delete from article where id = 20')).rejects.toMatchObject({ code: '40001' });
  await old.query('rollback');
  expect(await differences()).toEqual([]);
});

test.for(['repeatable read', 'serializable'])(
  'a transaction in %s writes rows that were taken in before it began',
  async (isolation) => {
    await trackFileColumn(registry.pool, column);
    const session = await registry.begun(isolation);
    await session.query('delete from article where id = 20');
    await session.query('update article set cover = $1 where id = 30', [files[7]]);
    await session.query('insert into article values (70, $1)', [files[7]]);
    await session.query('commit');
    expect(await differences()).toEqual([]);
  },
);

test('a transaction above READ COMMITTED is to be run again while rows are left to be taken in', async () => {
  const session = await registry.begun('repeatable read');
  await expect(session.query('delete from article where id = 10')).rejects.toMatchObject({
    code: '40001',
    hint: expect.stringContaining('again when trackFileColumn is through'),
  });
  await session.query('rollback');
  await trackFileColumn(registry.pool, column);
  expect(await differences()).toEqual([]);
});

test('a transaction that is older than the taking in again does not lose it', async () => {
  await trackFileColumn(registry.pool, column);
  const restore = await registry.database.client();
  await restore.query('set session_replication_role = replica');
  await restore.query('insert into article values (70, $1)', [files[7]]);

  const old = await registry.begun('repeatable read');
  await old.query('select 1 from article');
  await trackFileColumn(registry.pool, { ...column, existing: 'again' });
  await expect(old.query('delete from article where id = 70')).rejects.toMatchObject({ code: '40001' });
  await old.query('rollback');
  expect(await differences()).toEqual([]);
});

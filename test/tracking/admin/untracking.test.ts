import {
  trackedColumns,
  trackFileColumn,
  untrackFileColumn,
  untrackFileColumnSql,
} from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { awaitedLater } from '../../support/awaited-later.js';
import { createTestRegistry } from '../../support/create-test-registry.js';
import { TrackingDatabase } from './support/tracking-database.js';

// The end of tracking: references stay, or are released page by page, whatever became of the table.
const whole = await createTestRegistry();
const registry = new TrackingDatabase(whole.database, whole.pool);
const column = { table: 'article', column: 'cover' };

beforeEach(async () => {
  await registry.rollBackAll();
  await registry.forget('article', 'news.article');
  await registry.sql('create table article (id integer primary key, cover uuid)');
});

async function tracked(rows: number): Promise<string> {
  const { id } = await whole.store(`for ${rows}`);
  await registry.sql('insert into article select i, $1 from generate_series(1, $2::integer) i', [id, rows]);
  await trackFileColumn(registry.pool, column);
  return id;
}

const expectNothingLeft = async () => {
  expect(await trackedColumns(registry.pool)).toEqual([]);
  expect(await registry.sql(`select from pg_trigger where tgname like 'file_registry%'`)).toEqual([]);
  expect(await registry.sql(`select from pg_proc where proname ~ '^tracked_\\d'`)).toEqual([]);
};

test('references that are kept can be detached by hand', async () => {
  const id = await tracked(2);
  const detach = () =>
    whole.db
      .transaction()
      .execute((trx) => whole.files.in(trx).detach(id, { type: 'article', id: 1, slot: 'cover' }));
  await expect(detach()).rejects.toThrow(/follows the column/);
  expect(await untrackFileColumn(registry.pool, column)).toEqual({ released: 0 });
  await expectNothingLeft();
  await registry.sql('delete from article where id = 2');
  expect(await registry.held('article')).toEqual([
    ['1', id],
    ['2', id],
  ]);
  await detach();
  expect(await registry.held('article')).toEqual([['2', id]]);
});

test('references that are released let the file go after its grace period', async () => {
  const id = await tracked(3);
  expect(await untrackFileColumn(registry.pool, { ...column, references: 'release' })).toEqual({
    released: 3,
  });
  await expectNothingLeft();
  await whole.processor.drain();
  expect(await whole.files.find(id)).toBeDefined();
  await whole.passTime('25 hours');
  await whole.processor.drain();
  expect(await whole.deletion({ id })).toMatchObject({ state: 'deleted' });
  await whole.assertLaws();
});

test('releasing goes on where it was interrupted, and two at once leave nothing', async () => {
  await tracked(2500);
  const id = (await trackedColumns(registry.pool))[0]?.id;
  await registry.sql('select file_registry.untrack_column($1, true)', [id]);
  const [page] = await registry.sql('select file_registry.release_tracked($1, 100) as answer', [id]);
  expect(page.answer).toEqual({ released: 100, complete: false });
  expect(await registry.state('article')).toBe('releasing');
  await expect(trackFileColumn(registry.pool, column)).rejects.toThrow(
    /is being released. Call untrackFileColumn with references: 'release' until it is done/,
  );

  const release = { ...column, references: 'release' } as const;
  const both = await Promise.allSettled([1, 2].map(() => untrackFileColumn(registry.pool, release)));
  const released = both.map((one) => (one.status === 'fulfilled' ? one.value.released : 0));
  expect(released[0]! + released[1]!).toBe(2400);
  expect(await registry.held('article')).toEqual([]);
  await expectNothingLeft();
});

test('a page that waits for another one does not take it for the last', async () => {
  await tracked(6);
  const id = (await trackedColumns(registry.pool))[0]?.id;
  await registry.sql('select file_registry.untrack_column($1, true)', [id]);
  const first = await registry.begun();
  await first.query('select file_registry.release_tracked($1, 2)', [id]);
  const second = awaitedLater(registry.sql('select file_registry.release_tracked($1, 2) as answer', [id]));
  await registry.untilWaiting('release_tracked');
  await first.query('commit');
  expect(await second).toEqual([{ answer: { released: 2, complete: false } }]);
  expect(await registry.state('article')).toBe('releasing');
});

test('who takes rows in while another ends the tracking is told, and attaches nothing any more', async () => {
  await registry.sql('insert into article select i, $1 from generate_series(1, 9) i', [
    (await whole.store('x')).id,
  ]);
  const onProgress = () => {
    throw new Error('here the other call comes in');
  };
  await expect(trackFileColumn(registry.pool, { ...column, batchSize: 2, onProgress })).rejects.toThrow(
    'here',
  );
  const id = (await trackedColumns(registry.pool))[0]?.id;
  await registry.sql('select file_registry.untrack_column($1, true)', [id]);
  await expect(registry.sql('select file_registry.take_in_rows($1, 2, false)', [id])).rejects.toThrow(
    /is tracked no longer/,
  );
  expect(await untrackFileColumn(registry.pool, { ...column, references: 'release' })).toEqual({
    released: 2,
  });
});

test('a writer is waited for before the triggers go', async () => {
  const id = await tracked(1);
  const writer = await registry.begun();
  await writer.query('insert into article values (2, $1)', [id]);
  const ending = awaitedLater(untrackFileColumn(registry.pool, { ...column, references: 'release' }));
  await registry.untilWaiting('untrack_column');
  await writer.query('commit');
  expect(await ending).toEqual({ released: 2 });
});

test('what is not tracked', async () => {
  await expect(untrackFileColumn(registry.pool, column)).rejects.toMatchObject({
    code: 'INVALID_TRACKED_COLUMN',
    message: 'No tracked column is called article.cover. Tracked are: none.',
  });
  await tracked(1);
  const wrong = untrackFileColumn(registry.pool, { ...column, path: '$.a' });
  await expect(wrong).rejects.toThrow('article.cover with the path $.a. Tracked are: public.article.cover.');
  await expect(registry.sql(untrackFileColumnSql({ ...column, column: 'other' }))).rejects.toThrow(
    /no such column is tracked/,
  );
  await expect(
    untrackFileColumn(registry.pool, { ...column, references: 'drop' as never }),
  ).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

test('tables of one name in two schemas', async () => {
  await tracked(1);
  await registry.sql(
    'create schema if not exists news; create table news.article (id integer primary key, cover uuid)',
  );
  await trackFileColumn(registry.pool, { table: 'news.article', column: 'cover', ownerType: 'news' });
  await expect(untrackFileColumn(registry.pool, column)).rejects.toThrow(
    /More than one tracked column is called article.cover. Name the schema: news or public/,
  );
  await expect(registry.sql(untrackFileColumnSql(column))).rejects.toMatchObject({ code: '21000' });
  await untrackFileColumn(registry.pool, { table: 'news.article', column: 'cover' });
  await registry.sql(untrackFileColumnSql({ ...column, table: 'public.article' }));
  await expectNothingLeft();
});

test('a dropped column: not without CASCADE, and with it the state says so', async () => {
  const id = await tracked(1);
  await expect(registry.sql('alter table article drop column cover')).rejects.toMatchObject({
    code: '2BP01',
  });
  await registry.sql('alter table article drop column cover cascade');
  expect(await registry.state('article')).toBe('gone');
  expect(await registry.held('article')).toEqual([['1', id]]);
  await expect(registry.sql('insert into article values (2)')).rejects.toThrow(/article/);
  expect(await untrackFileColumn(registry.pool, { ...column, references: 'release' })).toEqual({
    released: 1,
  });
  await registry.sql('insert into article values (2)');
  await expectNothingLeft();
});

test('a dropped table, and another of its name that is tracked beside it', async () => {
  const id = await tracked(1);
  await registry.sql('drop table article');
  expect(await registry.state('article')).toBe('gone');
  expect(await registry.held('article')).toEqual([['1', id]]);

  await registry.sql('create table article (id integer primary key, cover uuid)');
  await trackFileColumn(registry.pool, { ...column, ownerType: 'article2' });
  expect(await untrackFileColumn(registry.pool, { ...column, references: 'release' })).toEqual({
    released: 1,
  });
  expect(await trackedColumns(registry.pool)).toMatchObject([{ ownerType: 'article2', state: 'tracking' }]);
  await untrackFileColumn(registry.pool, column);
  await expectNothingLeft();
});

test('inside a transaction that rolls back it is tracked as before', async () => {
  const id = await tracked(2);
  const failed = whole.db.transaction().execute(async (trx) => {
    expect(await untrackFileColumn(trx, { ...column, references: 'release' })).toEqual({ released: 2 });
    throw new Error('later step');
  });
  await expect(failed).rejects.toThrow('later step');
  await registry.sql('delete from article where id = 1');
  expect(await registry.held('article')).toEqual([['2', id]]);
  expect(await registry.state('article')).toBe('tracking');
});

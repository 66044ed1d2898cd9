import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table photo   (id bigint primary key, cover uuid);
  create table gallery (id bigint primary key, files uuid[]);`);
await tracked.track({ table: 'photo', column: 'cover' }, 'select id, cover from photo');
await tracked.track({ table: 'gallery', column: 'files' }, 'select id, unnest(files) from gallery');
await tracked.fabricate('pool', 20_000);

const run = async (text: string) => {
  await tracked.pool.query(text);
  await tracked.checkSlots();
};

test('100,000 rows are inserted, updated and deleted', { timeout: 120_000 }, async () => {
  await run(
    'insert into photo select n, (select p.id from pool p where p.n = 1 + i.n % 20000) from generate_series(1, 100000) i (n)',
  );
  await run(
    'update photo set cover = (select p.id from pool p where p.n = 1 + (photo.id * 7) % 20000) where id % 4 = 0',
  );
  await run(
    'with gone as (delete from photo returning *) insert into photo select 100001 - id, cover from gone where id % 2 = 0 order by id',
  );
  await run('delete from photo');
  const { rows } = await tracked.pool.query(`select count(*)::int as n from file_registry.file_references`);
  expect(rows).toEqual([{ n: 0 }]);
});

// Rows are worked off in chunks of about 10,000 ids and files; a row is never cut in two.
test.each([
  [9_999, 3],
  [10_000, 1],
  [10_001, 1],
  [5_000, 2],
  [3_334, 3],
  [101, 99],
  [2, 10_001],
  [1, 20_000],
  [12, 1_700],
])('%i galleries of %i files, at the borders of chunks', { timeout: 60_000 }, async (rows, files) => {
  const some = (shift: number, take = files) =>
    `(select array_agg(p.id) from generate_series(1, ${take}) k join pool p on p.n = 1 + (i.n * 13 + k + ${shift}) % 20000)`;
  await run(`insert into gallery select n, ${some(0)} from generate_series(1, ${rows}) i (n)`);
  await run(
    `update gallery set files = ${some(5).replaceAll('i.n', 'gallery.id')} where id % 97 = 0 or id < 3`,
  );
  await run(
    `with gone as (delete from gallery returning *) insert into gallery select id, files[1:${Math.ceil(files / 2)}] from gone`,
  );
  await run(`
    merge into gallery g using generate_series(1, ${rows + 50}) n on g.id = n
     when matched and n % 3 = 0 then delete
     when not matched then insert values (n, array[(select id from pool where pool.n = 1 + n.n % 9)])`);
  await run('delete from gallery');
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('files that are not there are found in the last chunk, and nothing is held', async () => {
  await expect(
    run(`insert into photo select n, case when n = 99999 then gen_random_uuid() end from generate_series(1, 30000) n
          union all select 99999, gen_random_uuid()`),
  ).rejects.toMatchObject({
    code: '23503',
    message: expect.stringMatching(/^photo.cover of row 99999 names/),
  });
  await tracked.checkSlots();
});

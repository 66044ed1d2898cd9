import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table author  (id integer primary key);
  create table article (id integer primary key, title text, cover uuid, gallery uuid[], deleted_at timestamptz,
                        author_id integer references author on delete cascade on update set null);`);
await tracked.track(
  { table: 'article', column: 'cover', where: 'deleted_at is null' },
  'select id, cover from article where deleted_at is null',
);
await tracked.track(
  { table: 'article', column: 'gallery', where: 'deleted_at is null' },
  'select id, unnest(gallery) from article where deleted_at is null',
);
const files = await tracked.store(6);
const transactions = 250;

/** A small generator of random numbers, the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each([1, 20261121, 4276215469])('random statements, seed %i', { timeout: 60_000 }, async (seed) => {
  const below = randomOf(seed);
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  const id = () => 1 + below(12);
  const file = () => (below(4) === 0 ? 'null' : `'${one(files)}'::uuid`);
  const gallery = () =>
    below(5) === 0 ? 'null' : `array[${Array.from({ length: below(4) }, file).join(', ')}]::uuid[]`;
  const deleted = () => one(['null', 'null', 'now()']);
  const some = () =>
    one([
      `id = ${id()}`,
      `id > ${id()}`,
      `id % 3 = ${below(3)}`,
      'deleted_at is null',
      'cover is null',
      'true',
    ]);
  const row = (key: number) =>
    `(${key}, 'title', ${file()}, ${gallery()}, ${deleted()}, ${one(['null', '1', '2', '3'])})`;
  const change = () =>
    one([
      () => `cover = ${file()}`,
      () => `gallery = ${gallery()}`,
      () => `deleted_at = ${deleted()}`,
      () => `title = 'other'`,
      () => `cover = gallery[1], gallery = gallery || cover`,
      () => `cover = ${file()}, deleted_at = ${deleted()}, gallery = ${gallery()}`,
    ])();
  const statements = [
    () => `insert into article values ${row(id())} on conflict do nothing`,
    () =>
      `insert into article values ${row(id())} on conflict (id) do update set ${change()
        .replaceAll(/= (gallery|cover)/g, '= excluded.$1')
        .replace('|| cover', '|| excluded.cover')}`,
    () => `update article set ${change()} where ${some()}`,
    () => `update article set ${change()} where ${some()}`,
    () => `update article set id = id + 100, ${change()} where ${some()} and id < 100`,
    () =>
      `update article set id = id - 100 where id > 100 and not exists (select from article a where a.id = article.id - 100)`,
    () => `delete from article where ${some()}`,
    () => `insert into author select generate_series(1, 3) on conflict do nothing`,
    () => `delete from author where id = ${1 + below(3)}`,
    () => `merge into article a using generate_series(${id()}, ${id()}) n on a.id = n when matched and n % 3 = 0 then delete
             when matched then update set ${change().replace('gallery || cover', 'a.gallery || a.cover')} when not matched then insert (id, cover) values (n, ${file()})`,
    () => `with gone as (delete from article where ${some()} returning *) insert into article
             select id, title, ${file()}, gallery, deleted_at, null from gone order by id`,
    () => `with giver as (update article set cover = null where id = ${id()} returning id)
           update article set cover = ${file()} from giver where article.id = 1 + giver.id % 12`,
    () =>
      below(6) === 0
        ? 'truncate article'
        : `update article set cover = x.cover from article x where x.id = 13 - article.id`,
    () => `update article set cover = gen_random_uuid() where ${some()}`,
  ];
  const expected = new Set(['23503', '23505', '42601']);
  const client = await tracked.registry.database.client();
  const log: string[] = [];
  let succeeded = 0;
  for (let n = 0; n < transactions; n++) {
    await client.query('begin');
    for (let k = below(4); k >= 0; k--) {
      const text = one(statements)();
      log.push(text);
      await client.query('savepoint s');
      await client.query(text).then(
        () => (succeeded += 1),
        async (error: { code: string; message: string }) => {
          if (!expected.has(error.code)) throw new Error(`${error.code} ${error.message}: ${text}`);
          await client.query('rollback to s');
        },
      );
      if (below(6) === 0) await client.query('rollback to s');
    }
    log.push(one(['commit', 'commit', 'rollback']));
    await client.query(log.at(-1) as string);
    await tracked.checkSlots().catch((error: Error) => {
      throw new Error(`${error.message}\nafter\n${log.slice(-12).join(';\n')}`);
    });
  }
  expect(succeeded).toBeGreaterThan(transactions);
  await tracked.check();
});

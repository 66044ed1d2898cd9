import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table author  (id integer primary key, portrait uuid);
  create table article (id integer primary key, cover uuid, author_id integer references author on delete cascade on update cascade);
  create table comment (article_id integer references article on delete cascade on update cascade, n integer, picture uuid,
                        primary key (article_id, n));
  create table asset   (file uuid primary key);
  create table banner  (id integer primary key, file uuid references asset on delete set null on update cascade,
                        other uuid references asset on delete set default deferrable initially deferred);`);
await tracked.track({ table: 'author', column: 'portrait' }, 'select id, portrait from author');
await tracked.track({ table: 'article', column: 'cover' }, 'select id, cover from article');
await tracked.track(
  { table: 'comment', column: 'picture' },
  `select format('["%s","%s"]', article_id, n), picture from comment`,
);
await tracked.track({ table: 'banner', column: 'file' }, 'select id, file from banner');
await tracked.track({ table: 'banner', column: 'other' }, 'select id, other from banner');
const [a, b, c] = (await tracked.store(3)) as [string, string, string];

const fill = () =>
  tracked.run(`
    truncate author, article, comment;
    insert into author  select n, '${a}' from generate_series(1, 5) n;
    insert into article select n, '${b}', 1 + n % 5 from generate_series(1, 50) n;
    insert into comment select 1 + n % 50, n, '${c}' from generate_series(1, 500) n`);

test('ON DELETE CASCADE over two levels', async () => {
  await fill();
  await tracked.run('delete from author where id = 1');
  expect(await tracked.files.count([{ id: a }, { id: b }, { id: c }])).toEqual([4, 40, 400]);
  await tracked.run('delete from author where id in (2, 3)');
  await tracked.run('delete from article where id = 3');
  await tracked.run('delete from author');
  expect(await tracked.references()).toEqual([]);
});

test('ON UPDATE CASCADE changes ids over two levels', async () => {
  await fill();
  await tracked.run('update article set id = id + 1000');
  await tracked.run('update author set id = -id');
  expect(await tracked.files.count([{ id: a }, { id: b }, { id: c }])).toEqual([5, 50, 500]);
});

test('a cascade and a new row in one statement', async () => {
  await fill();
  await tracked.run(
    `with gone as (delete from author where id = 1 returning *) insert into author select id + 100, portrait from gone`,
  );
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('ON DELETE SET NULL and ON UPDATE CASCADE on the tracked column', async () => {
  await tracked.run(`truncate author, article, comment; insert into asset values ('${a}'), ('${b}')`);
  await tracked.run(`insert into banner values (1, '${a}', '${a}'), (2, '${a}', null), (3, '${b}', '${b}')`);
  await tracked.run(
    `update banner set other = null where id = 3; update asset set file = '${c}' where file = '${b}'`,
  );
  expect(await tracked.files.count({ id: c })).toBe(1);
  await tracked.run(`delete from asset where file = '${a}'`);
  expect((await tracked.references()).map(({ type, id, file }) => [type, id, file])).toEqual([
    ['banner', '3', c],
  ]);
});

test('constraints that are checked at the commit', async () => {
  await tracked.run('delete from banner; delete from asset');
  const client = await tracked.registry.database.begun();
  await client.query(`insert into banner values (10, null, '${b}')`);
  await tracked.checkSlots(client);
  await expect(client.query('commit')).rejects.toThrow('violates foreign key');
  await tracked.check();

  await tracked.run(
    `begin; insert into banner values (10, null, '${a}'); insert into asset values ('${a}'); commit`,
  );
  await tracked.run(`begin; delete from asset where file = '${a}'; commit`);
  expect(await tracked.files.count({ id: a })).toBe(0);
});

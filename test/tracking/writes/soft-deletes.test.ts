import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create type state as enum ('draft', 'public');
  create table article (id integer primary key, cover uuid, deleted_at timestamptz);
  create table odd (id integer primary key, cover uuid, "Is It $x$ 'Gone'?" text, ids text, previous integer, line integer,
                    old integer, tg_op text, held_files integer, owner_id integer, file_id integer);
  create table post (id integer primary key, cover uuid, state state, shown boolean, words text[], extra json);`);
await tracked.track(
  { table: 'article', column: 'cover', where: 'deleted_at is null' },
  'select id, cover from article where deleted_at is null',
);
await tracked.track(
  {
    table: 'odd',
    column: 'cover',
    where: `"Is It $x$ 'Gone'?" is distinct from 'yes, %s %1$s «it» $body$ $code$ \\ is' /* a comment */ and previous is null
        and coalesce(ids, 'x') <> 'no' and line is null and old is null and tg_op is null and held_files is null
        and owner_id is null and file_id is null -- and another one`,
  },
  `select id, cover from odd where coalesce(previous, line, old, held_files, owner_id, file_id) is null and tg_op is null
      and ids is distinct from 'no' and "Is It $x$ 'Gone'?" is null`,
);
await tracked.track(
  {
    table: 'post',
    column: 'cover',
    where: `state = 'public' and shown and 'x' = any (words) and extra ->> 'y' is null`,
  },
  `select id, cover from post where state = 'public' and shown and words @> '{x}' and extra ->> 'y' is null`,
);
const [a, b] = (await tracked.store(2)) as [string, string];

test('a soft delete releases, a restore takes back', async () => {
  await tracked.run(`insert into article values (1, '${a}', null), (2, '${a}', now()), (3, null, now())`);
  expect(await tracked.files.count({ id: a })).toBe(1);
  await tracked.run('update article set deleted_at = now()');
  expect(await tracked.files.count({ id: a })).toBe(0);
  await tracked.run('update article set deleted_at = null');
  expect(await tracked.files.count({ id: a })).toBe(2);
});

test('a deleted row may change, be deleted, and come back as another', async () => {
  await tracked.run('update article set deleted_at = now() where id = 1');
  await tracked.run('update article set cover = $1, id = 11 where id = 1', [b]);
  expect(await tracked.files.count({ id: b })).toBe(0);
  await tracked.run('update article set deleted_at = null, id = 12 where id = 11');
  expect(await tracked.files.count({ id: b })).toBe(1);
  await tracked.run('update article set deleted_at = now(), cover = $1', [a]);
  await tracked.run('delete from article');
});

test('a row that is not covered may name anything, until it is', async () => {
  await tracked.run(`insert into article values (20, gen_random_uuid(), now())`);
  await expect(tracked.run('update article set deleted_at = null where id = 20')).rejects.toMatchObject({
    code: '23503',
  });
  await tracked.run('update article set deleted_at = null, cover = null where id = 20');
});

test('odd texts, comments, and columns that are called like what the functions use', async () => {
  await tracked.run(`insert into odd (id, cover) values (1, '${a}'), (2, '${b}')`);
  for (const column of ['previous', 'line', 'old', 'held_files', 'owner_id', 'file_id']) {
    await tracked.run(`update odd set ${column} = 1 where id = 1`);
    expect(await tracked.files.count({ id: a }), column).toBe(0);
    await tracked.run(`update odd set ${column} = null where id = 1`);
    expect(await tracked.files.count({ id: a }), column).toBe(1);
  }
  await tracked.run(`update odd set tg_op = 'INSERT' where id = 1`);
  await tracked.run(`update odd set ids = 'no', tg_op = null`);
  await tracked.run(`update odd set ids = null`);
  await tracked
    .run(
      `update odd set "Is It $x$ 'Gone'?" = 'yes, %s %1$s «it» $body$ $code$ \\ is' where id = 2 returning 1`,
    )
    .catch(() => {});
  expect(await tracked.files.count({ id: b })).toBe(0);
  await tracked.run(`delete from odd`);
});

test('conditions over an enum, a boolean, an array and a json column', async () => {
  await tracked.run(
    `insert into post values (1, '${a}', 'public', true, '{x,y}', null), (2, '${a}', 'draft', true, '{x}', null)`,
  );
  expect(await tracked.files.count({ id: a })).toBe(1);
  await tracked.run(`update post set state = 'public'`);
  await tracked.run(`update post set shown = null where id = 1`);
  await tracked.run(`update post set words = '{y}'`);
  await tracked.run(`update post set words = '{z,x}', shown = true`);
  expect(await tracked.files.count({ id: a })).toBe(2);
  await tracked.run(`update post set extra = '{"y": 1}'`);
  expect(await tracked.files.count({ id: a })).toBe(0);
});

import { trackFileColumn, untrackFileColumn } from 'nestjs-file-registry';
import { describe, expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table article (id integer primary key, cover uuid);
  create table early   (id integer primary key, cover uuid);`);
await tracked.track({ table: 'article', column: 'cover' }, 'select id, cover from article');
const [a, b] = (await tracked.store(2)) as [string, string];
await tracked.fabricate('pool', 2000);
const database = tracked.registry.database;

test('savepoints and rollbacks', async () => {
  await tracked.run(`insert into article values (1, '${a}')`);
  const client = await database.begun();
  await client.query(`savepoint one; update article set cover = '${b}'`);
  await tracked.checkSlots(client);
  await client.query(`savepoint two; delete from article`);
  await tracked.checkSlots(client);
  await client.query('rollback to two');
  await tracked.checkSlots(client);
  await client.query(`savepoint three`);
  await expect(client.query(`update article set cover = gen_random_uuid()`)).rejects.toMatchObject({
    code: '23503',
  });
  await client.query(`rollback to three; insert into article values (2, '${a}'); rollback to one`);
  await tracked.checkSlots(client);
  await client.query(`insert into article values (3, '${b}'); commit`);
  await tracked.check();
  await tracked.run(`begin; delete from article; rollback`);
});

test('exceptions that a function swallows', async () => {
  await tracked.run(`do $$ begin
    update article set cover = '${b}' where id = 1;
    begin update article set cover = null; raise exception 'no'; exception when others then null; end;
    begin update article set cover = gen_random_uuid() where id = 3; exception when foreign_key_violation then null; end;
  end $$`);
  await expect(tracked.check()).resolves.toBeUndefined();
});

describe.each(['repeatable read', 'serializable'])('%s', (isolation) => {
  test('writes like READ COMMITTED', async () => {
    const client = await database.begun(isolation);
    for (const text of [
      `insert into article select n, '${a}' from generate_series(10, 20) n`,
      `update article set cover = '${b}' where id % 2 = 0`,
      `update article set id = id + 100 where id > 15`,
      `delete from article where id between 10 and 12`,
      `with gone as (delete from article where id > 100 returning *) insert into article select id - 100, '${a}' from gone`,
    ]) {
      await client.query(text);
      await tracked.checkSlots(client);
    }
    await client.query('commit');
    await tracked.check();
    await tracked.run('delete from article');
    await expect(tracked.check()).resolves.toBeUndefined();
  });

  test('a row that changed behind the snapshot fails to be changed again, and a gone one comes back', async () => {
    await tracked.run(`insert into article values (1, '${a}'), (2, '${a}')`);
    const client = await database.begun(isolation);
    await client.query('select from article');
    await tracked.run(`update article set cover = '${b}' where id = 1; delete from article where id = 2`);
    await client.query(`savepoint one`);
    await expect(client.query(`update article set cover = null where id = 1`)).rejects.toMatchObject({
      code: '40001',
    });
    await client.query(`rollback to one`);
    await client.query(`insert into article values (2, '${a}')`);
    await client.query('commit').catch(() => {}); // or serializable refuses it
    await tracked.check();
    await tracked.run('delete from article');
  });

  test('rows that are taken in behind the snapshot can be changed when it is newer', async () => {
    await tracked.pool.query(`truncate early; insert into early values (1, '${a}')`);
    const client = await database.begun(isolation);
    await client.query('select from article');
    await trackFileColumn(tracked.pool, { table: 'early', column: 'cover', slot: isolation });
    await expect(client.query('update early set cover = null')).rejects.toMatchObject({ code: '40001' });
    await client.query('rollback');
    await client.query(`begin isolation level ${isolation}`);
    await client.query('update early set cover = null');
    await client.query('commit');
    expect((await tracked.references()).filter(({ slot }) => slot === isolation)).toEqual([]);
    await tracked.pool.query(`truncate early`);
    await untrackFileColumn(tracked.pool, { table: 'early', column: 'cover' });
  });
});

test('a statement that runs out of time leaves nothing', async () => {
  await tracked.run('insert into article select n, id from pool');
  const before = await tracked.references();
  const client = await database.client();
  for (const timeoutMs of [1, 5, 10, 20, 40, 80]) {
    // In one message, and of its transaction only: whatever follows it has all the time it needs.
    await client
      .query(
        `begin;
         set local statement_timeout = ${timeoutMs};
         update article set cover = null where cover is not null;
         commit`,
      )
      .then(
        () => client.query('update article set cover = p.id from pool p where p.n = article.id'),
        async (error: { code: string }) => {
          expect(error.code).toBe('57014');
          await client.query('rollback');
        },
      );
    await tracked.checkSlots();
  }
  expect((await tracked.references()).map(({ id, file }) => [id, file])).toEqual(
    before.map(({ id, file }) => [id, file]),
  );
});

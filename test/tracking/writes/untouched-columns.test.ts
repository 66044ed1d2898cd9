import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table article (id integer primary key, title text, cover uuid, gallery uuid[], page jsonb, deleted_at timestamptz);`);
await tracked.track(
  { table: 'article', column: 'cover', where: 'deleted_at is null' },
  'select id, cover from article where deleted_at is null',
);
await tracked.track({ table: 'article', column: 'gallery' }, 'select id, unnest(gallery) from article');
await tracked.track(
  { table: 'article', column: 'page', path: '$.hero.image' },
  `select id, page #>> '{hero,image}' from article`,
);
const [a, b] = (await tracked.store(2)) as [string, string];
await tracked.run(`
  insert into article
  select n, 'title', '${a}', array['${a}', '${b}']::uuid[], jsonb_build_object('hero', jsonb_build_object('image', '${b}'), 'text', 'x')
    from generate_series(1, 50) n`);

/** From here on each call of a tracking function fails. */
async function withoutFunctions(work: () => Promise<void>): Promise<void> {
  const { rows } = await tracked.pool.query(`
    select pg_get_functiondef(oid) as definition, oid::regprocedure::text as name from pg_proc where proname ~ '^tracked_[0-9]+_'`);
  expect(rows.length).toBe(6);
  for (const { name } of rows) {
    await tracked.pool.query(
      `create or replace function ${name} returns trigger language plpgsql as $$ begin raise 'called for %', tg_op; end $$`,
    );
  }
  await work();
  for (const { definition } of rows) await tracked.pool.query(definition);
}

test('an update that leaves the columns alone calls nothing', async () => {
  const before = await tracked.references();
  await withoutFunctions(async () => {
    await tracked.pool.query(`update article set title = 'another'`);
    await tracked.pool.query(`update article set cover = cover, gallery = gallery, page = page, id = id`);
    await tracked.pool.query(`update article set page = page || '{"text": "y", "more": [1, 2]}'`);
    await tracked.pool.query(`update article set page = jsonb_set(page, '{hero,caption}', '"z"')`);
    await tracked.pool.query(`update article set deleted_at = null`);
    await expect(tracked.pool.query('update article set cover = null where id = 1')).rejects.toThrow(
      'called for UPDATE',
    );
    await expect(tracked.pool.query(`update article set gallery = '{}' where id = 1`)).rejects.toThrow(
      'called for UPDATE',
    );
    await expect(tracked.pool.query(`update article set page = '{}' where id = 1`)).rejects.toThrow(
      'called for UPDATE',
    );
    await expect(tracked.pool.query('update article set id = 100 where id = 1')).rejects.toThrow(
      'called for UPDATE',
    );
    await expect(tracked.pool.query('update article set deleted_at = now() where id = 1')).rejects.toThrow(
      'called for UPDATE',
    );
    await expect(tracked.pool.query('insert into article values (100)')).rejects.toThrow('called for INSERT');
    await expect(tracked.pool.query('delete from article')).rejects.toThrow('called for DELETE');
  });
  expect(await tracked.references()).toEqual(before);
  await tracked.check();
});

test('a trigger of the application that changes the column behind an update of another one is seen', async () => {
  await tracked.pool.query(`
    create function take_b() returns trigger language plpgsql as $$ begin new.cover := '${b}'; return new; end $$;
    create trigger zz before update of title on article for each row execute function take_b();`);
  await tracked.run(`update article set title = 'third' where id = 7`);
  expect(await tracked.files.count({ id: b })).toBe(101);
  await tracked.pool.query('drop trigger zz on article');
});

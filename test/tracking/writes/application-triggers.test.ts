import { describe, expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table article (id integer primary key, title text, cover uuid);`);
await tracked.track({ table: 'article', column: 'cover' }, 'select id, cover from article');
const [a, b, c] = (await tracked.store(3)) as [string, string, string];

/** Runs the statements while the application has a trigger of this name. */
async function withTrigger(name: string, when: string, body: string, ...statements: string[]): Promise<void> {
  await tracked.run(
    `delete from article; insert into article values (1, 'one', '${a}'), (2, 'two', '${b}'), (3, 'three', null)`,
  );
  await tracked.pool.query(`
    create function act() returns trigger language plpgsql as $$ begin if pg_trigger_depth() < 2 then ${body} end if; return new; end $$;
    create trigger ${name} ${when} execute function act();`);
  try {
    for (const statement of statements) await tracked.run(statement);
  } finally {
    await tracked.pool.query('drop function act() cascade');
  }
}

// Triggers of one event run in the order of their names; the registry's begin with 'file_registry_'.
describe.each(['aaa', 'zzz'])('a trigger called %s', (name) => {
  const insert = `insert into article values (10, 'ten', '${a}'), (11, 'eleven', '${b}')`;
  const update = `update article set cover = '${c}', title = 'x' where id < 3`;
  const rename = `update article set title = 'y'`;
  const remove = 'delete from article where id = 2';

  test.each([
    'after insert or update on article for each row',
    'after insert or update on article for each statement',
  ])('%s: changes the same rows, others, ids, or deletes them', async (when) => {
    const own = when.endsWith('row') ? 'id = new.id' : `title in ('ten', 'x', 'y')`;
    await withTrigger(name, when, `update article set cover = '${b}' where ${own};`, insert, update, rename);
    await withTrigger(name, when, `update article set cover = null where ${own};`, insert, update, rename);
    await withTrigger(name, when, `update article set cover = '${a}' where id = 3;`, insert, update);
    await withTrigger(name, when, `update article set id = id + 100 where ${own};`, insert, update);
    await withTrigger(name, when, `delete from article where ${own};`, insert);
    await withTrigger(name, when, `delete from article where ${own};`, update);
    await withTrigger(
      name,
      when,
      `delete from article where ${own}; insert into article values (10, 'again', '${c}') on conflict (id) do nothing;`,
      insert,
      update,
    );
    await expect(tracked.check()).resolves.toBeUndefined();
  });

  test.each([
    'before insert or update on article for each row',
    'before insert or update on article for each statement',
  ])('%s: changes what comes and other rows', async (when) => {
    if (when.endsWith('row')) {
      await withTrigger(name, when, `new.cover := '${c}';`, insert, update, rename);
      await withTrigger(name, when, `new.id := new.id + 50;`, insert, update);
      await withTrigger(name, when, `if new.id = 2 or new.id = 10 then return null; end if;`, insert, update);
    }
    await withTrigger(
      name,
      when,
      `update article set cover = '${a}' where id = 3;`,
      insert,
      update.replace('< 3', '= 1'),
    );
    await withTrigger(name, when, `delete from article where id = 3;`, insert, update);
    await expect(tracked.check()).resolves.toBeUndefined();
  });

  test('a delete that is answered with a new row, or stopped', async () => {
    const again = `insert into article values (2, 'again', '${c}') on conflict do nothing;`;
    await withTrigger(name, 'after delete on article for each row', again, remove);
    await withTrigger(
      name,
      'after delete on article for each statement',
      again,
      remove,
      'delete from article',
    );
    await withTrigger(name, 'before delete on article for each row', '', remove);
    expect((await tracked.pool.query('select from article')).rows.length).toBe(3);
    await withTrigger(
      name,
      'before delete on article for each statement',
      `update article set cover = '${c}' where id = 1;`,
      remove,
    );
  });
});

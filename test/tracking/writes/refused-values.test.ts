import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(
  `create table article (id integer primary key, cover uuid, gallery uuid[]);`,
  { gracePeriodMs: 0, unattachedTtlMs: 0 },
);
await tracked.track({ table: 'article', column: 'cover' }, 'select id, cover from article');
await tracked.track({ table: 'article', column: 'gallery' }, 'select id, unnest(gallery) from article');
const { registry } = tracked;
const photo = await registry.store();
await tracked.run(
  `insert into article values (1, '${photo.id}', array['${photo.id}']::uuid[]), (2, null, null)`,
);
const condemned = await registry.store('condemned');
await registry.passTime('1 hour');
await registry.processor.drain();
const missing = '00000000-0000-4000-8000-000000000000';

test.each([
  [missing, 'which is no file'],
  [condemned.id, 'which is deleted already'],
])('%s, %s', async (file, problem) => {
  const [before, intents] = [await tracked.references(), await tracked.intents()];
  const statements: [string, string, string][] = [
    ['insert into article (id, cover) values (7, $1)', 'cover', '7'],
    ['update article set cover = $1 where id = 1', 'cover', '1'],
    ['update article set gallery = gallery || $1::uuid where id = 1', 'gallery', '1'],
    [
      'insert into article (id, gallery) select n, array[(select cover from article where id = 1), case n when 8 then $1::uuid end] from generate_series(3, 9) n',
      'gallery',
      '8',
    ],
    [
      'insert into article values (1, $1) on conflict (id) do update set cover = excluded.cover',
      'cover',
      '1',
    ],
    [
      'merge into article a using (values (2)) v (id) on v.id = a.id when matched then update set id = 20, cover = $1',
      'cover',
      '20',
    ],
  ];
  for (const [text, column, id] of statements) {
    await expect(tracked.pool.query(text, [file]), text).rejects.toMatchObject({
      code: '23503',
      message: `article.${column} of row ${id} names ${file}, ${problem}`,
      detail: `The column public.article.${column} is tracked: what it names must be a file.`,
      schema: 'public',
      table: 'article',
      column,
      constraint: expect.stringMatching(/^file_registry_\d+$/),
    });
  }
  await tracked.check();
  expect(await tracked.references()).toEqual(before);
  expect(await tracked.intents()).toBe(intents);
});

test('an id that no owner can have, on a row that names a file', async () => {
  await tracked.pool.query('create table note (id text primary key, cover uuid)');
  await tracked.track({ table: 'note', column: 'cover' }, 'select id, cover from note');
  await tracked.run(
    `insert into note values ('', null), (repeat('x', 300), null), (repeat('ü', 127), '${photo.id}')`,
  );
  await expect(tracked.run(`update note set cover = $1 where id = ''`, [photo.id])).rejects.toMatchObject({
    code: '23514',
  });
  await expect(tracked.run(`update note set cover = $1`, [photo.id])).rejects.toMatchObject({
    code: '23514',
  });
  await tracked.check();
});

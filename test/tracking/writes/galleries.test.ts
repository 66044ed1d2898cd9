import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table article (id integer primary key, gallery uuid[]);`);
await tracked.track({ table: 'article', column: 'gallery' }, 'select id, unnest(gallery) from article');
const [a, b, c] = (await tracked.store(3)) as [string, string, string];
const held = async () => (await tracked.references()).length;

test('nulls, duplicates, empty and missing arrays', async () => {
  await tracked.run(
    `insert into article values (1, array['${a}', null, '${b}', '${a}', null]::uuid[]), (2, '{}'), (3, null), (4, '{null}')`,
  );
  expect(await held()).toBe(2);
  await tracked.run(`update article set gallery = null where id = 2`);
  await tracked.run(`update article set gallery = '{}' where id = 1`);
  expect(await held()).toBe(0);
});

test('more than one dimension, other bounds, another order', async () => {
  await tracked.run(
    `update article set gallery = array[['${a}', '${b}'], [null, '${c}']]::uuid[] where id = 1`,
  );
  expect(await held()).toBe(3);
  const before = await tracked.references();
  await tracked.run(`update article set gallery = '[5:7]={${c},${b},${a}}' where id = 1`);
  expect(await tracked.references()).toEqual(before);
  await tracked.run(`update article set gallery[6] = null where id = 1`);
  await tracked.run(`update article set gallery[20] = '${b}' where id = 1`);
  expect(await held()).toBe(3);
});

test('elements come and go', async () => {
  await tracked.run(`update article set gallery = gallery || array['${a}', '${a}']::uuid[]`);
  await tracked.run(`update article set gallery = array_remove(gallery, '${a}')`);
  await tracked.run(`update article set gallery = array_append(gallery, '${c}'), id = id + 10`);
  await tracked.run(`update article set gallery = array_replace(gallery, '${c}', '${b}')`);
  await tracked.run(`delete from article where id < 13`);
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('an element that names no file refuses the row', async () => {
  const before = await tracked.references();
  const strange = '00000000-0000-4000-8000-000000000000';
  await expect(
    tracked.run(`update article set gallery = array['${a}', '${strange}']::uuid[] where id = 13`),
  ).rejects.toThrow(`article.gallery of row 13 names ${strange}, which is no file`);
  expect(await tracked.references()).toEqual(before);
});

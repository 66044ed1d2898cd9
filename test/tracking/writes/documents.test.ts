import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table page (id integer primary key, content jsonb);`);
await tracked.track(
  { table: 'page', column: 'content', path: '$.hero.image' },
  `select id, content #>> '{hero,image}' from page`,
);
await tracked.track(
  { table: 'page', column: 'content', path: '$.blocks[*].image' },
  `select id, b ->> 'image' from page, jsonb_array_elements(case jsonb_typeof(content -> 'blocks') when 'array' then content -> 'blocks' else '[]' end) b`,
);
await tracked.track(
  {
    table: 'page',
    column: 'content',
    path: `$."it's ""odd"" %s".list[*]`.replaceAll('""', String.raw`\"`),
    slot: 'odd',
  },
  `select id, x from page, jsonb_array_elements_text(coalesce(content #> array['it''s "odd" %s', 'list'], '[]')) x`,
);
const [a, b, c] = (await tracked.store(3)) as [string, string, string];
const put = (content: unknown, id = 1) =>
  tracked.run('insert into page values ($1, $2) on conflict (id) do update set content = excluded.content', [
    id,
    content === undefined ? null : JSON.stringify(content),
  ]);

test('what is there is held, what is missing or null is not', async () => {
  await put({
    hero: { image: a },
    blocks: [{ image: b }, { text: 'no image' }, { image: null }, { image: b }, 7, null],
  });
  expect((await tracked.references()).map(({ slot, file }) => [slot, file])).toEqual([
    ['content.blocks[*].image', b],
    ['content.hero.image', a],
  ]);
  await put({ hero: { image: a.toUpperCase() }, blocks: [] });
  await put({ hero: null, blocks: null });
  await put({ hero: 'text', blocks: 'text' });
  await put(undefined);
  await put([]);
  await put('text');
  expect(await tracked.references()).toEqual([]);
  await put({ hero: { image: c } });
  await tracked.run(`update page set content = content #- '{hero,image}'`);
});

test('a path with quotes in it', async () => {
  await put({ [`it's "odd" %s`]: { list: [a, b, a] } });
  expect((await tracked.references()).map(({ slot, file }) => [slot, file])).toEqual(
    [a, b].toSorted().map((file) => ['odd', file]),
  );
  await put({});
});

test.each([
  [{ id: 'x' }, '{"id": "x"}'],
  [7, '7'],
  [true, 'true'],
  [['x'], '["x"]'],
  ['', '""'],
  ['photo.jpg', '"photo.jpg"'],
  ['{00000000-0000-4000-8000-000000000000}', '"{00000000-0000-4000-8000-000000000000}"'],
  ['00000000-0000-4000-8000-000000000000\n', String.raw`"00000000-0000-4000-8000-000000000000\n"`],
])('%j is refused where a file id is expected', async (image, named) => {
  await put({ hero: { image: a } }, 5);
  await expect(put({ hero: { image } }, 5)).rejects.toMatchObject({
    code: '23503',
    message: `page.content of row 5 names ${named}, which is no file id`,
    schema: 'public',
    table: 'page',
    column: 'content',
  });
  await tracked.check();
});

test('a long value is cut in the message', async () => {
  await expect(put({ hero: { image: 'x'.repeat(5000) } })).rejects.toThrow(
    /^page.content of row 1 names .{200}, which is no/,
  );
});

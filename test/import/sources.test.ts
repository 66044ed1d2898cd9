import { PassThrough, Readable } from 'node:stream';
import { csvRows, type ImportRow, queryRows } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { errorOf } from '../registry/error-of.js';

const database = await createTestDatabase();
const pool = database.pool();
await pool.query(`create table article (id bigint primary key, lang text, cover_path text);
  insert into article select n, 'de', format('covers/%s.jpg', n) from generate_series(1, 2500) n`);

async function all(rows: AsyncIterable<ImportRow>): Promise<ImportRow[]> {
  const list: ImportRow[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

const csv = (text: string) => Readable.from([Buffer.from(text)]);
const mapping = {
  key: 'path',
  ownerType: { value: 'article' },
  ownerId: 'id',
  slot: { value: 'cover' },
} as const;

test('a query streams its rows in batches, on one connection that it gives back', async () => {
  const sql = `select cover_path as key, 'article' as owner_type, json_build_array(id, lang) as owner_id, 'cover' as slot,
                      'name.jpg' as filename, null as content_type
                 from article where id > $1::bigint order by id`;
  const rows = await all(queryRows(pool, sql, ['100']));
  expect(rows).toHaveLength(2400);
  expect(rows[0]).toEqual({
    key: 'covers/101.jpg',
    ownerType: 'article',
    ownerId: [101, 'de'],
    slot: 'cover',
    filename: 'name.jpg',
    contentType: null,
  });
  expect(pool.idleCount).toBe(pool.totalCount);
});

test('a query whose rows are not read to the end gives its connection back, too', async () => {
  const sql = `select cover_path as key, 'article' as owner_type, id as owner_id, 'cover' as slot from article`;
  for await (const row of queryRows(pool, sql)) {
    expect(row.ownerType).toBe('article');
    break;
  }
  expect(pool.idleCount).toBe(pool.totalCount);
});

test('a query works through Kysely with plugins, and only reads', async () => {
  const sql = `select 'a' as key, 'b' as owner_type, '1' as owner_id, 'c' as slot`;
  expect(await all(queryRows(database.kysely(), sql))).toMatchObject([{ key: 'a', ownerType: 'b' }]);
  const writing = errorOf(
    all(queryRows(pool, `with gone as (delete from article returning *) select * from gone`)),
  );
  expect(await writing).toMatchObject({ code: 'DATABASE_FAILED' });
});

test('a pool of one connection is refused, which the rows would keep from who imports them', async () => {
  const sql = `select 'a' as key, 'b' as owner_type, '1' as owner_id, 'c' as slot`;
  const error = await errorOf(all(queryRows(database.pool({ max: 1 }), sql)));
  expect(error).toMatchObject({ code: 'INVALID_OPTION', context: { option: 'database' } });
  expect(error.message).toMatch(/two connections/);
});

test('a query that is wrong or lacks a column says what is missing', async () => {
  expect(await errorOf(all(queryRows(pool, 'select nothing from nowhere')))).toMatchObject({
    code: 'DATABASE_FAILED',
  });
  expect(await errorOf(all(queryRows(pool, ' ')))).toMatchObject({ code: 'INVALID_OPTION' });
  const error = await errorOf(all(queryRows(pool, 'select cover_path as key, id as owner_id from article')));
  expect(error.message).toContain('does not answer owner_type, slot');
});

test('a CSV is read by the names in its header, quotes and line breaks included', async () => {
  const text = '\ufeffid,path,name\n1,"a ""b"",\nc.jpg",\n\n2,d.jpg,"Ä.jpg"\n';
  expect(await all(csvRows(csv(text), { ...mapping, filename: 'name' }))).toEqual([
    {
      key: 'a "b",\nc.jpg',
      ownerType: 'article',
      ownerId: '1',
      slot: 'cover',
      filename: undefined,
      contentType: undefined,
    },
    {
      key: 'd.jpg',
      ownerType: 'article',
      ownerId: '2',
      slot: 'cover',
      filename: 'Ä.jpg',
      contentType: undefined,
    },
  ]);
});

test('a CSV may have another delimiter and keys of several columns', async () => {
  const rows = csvRows(csv('id;lang;path\n7;de;a,b.jpg\n'), {
    ...mapping,
    ownerId: ['id', 'lang'],
    delimiter: ';',
  });
  expect(await all(rows)).toMatchObject([{ key: 'a,b.jpg', ownerId: ['7', 'de'] }]);
});

test.for([
  ['id,path\n1,a.jpg\n2\n3,c.jpg\n', 3],
  ['id,path\n1,a.jpg\n2,"b"c.jpg\n', 3],
  ['id,path\n1,a.jpg\n2,"b.jpg\n', 3],
] as const)('a line that cannot be read is named: %j', async ([text, line]) => {
  const error = await errorOf(all(csvRows(csv(text), mapping)));
  expect(error).toMatchObject({ code: 'INVALID_CSV' });
  expect(error.context['line']).toBe(line);
});

test('a column that is not in the header is named', async () => {
  const error = await errorOf(all(csvRows(csv('id,file\n1,a.jpg\n'), mapping)));
  expect(error).toMatchObject({ code: 'INVALID_CSV', context: { missing: ['path'] } });
});

test('a stream that breaks off ends the rows with its error', async () => {
  const broken = Readable.from(
    (async function* () {
      yield 'id,path\n1,a.jpg\n';
      throw new Error('the line broke');
    })(),
  );
  expect((await errorOf(all(csvRows(broken, mapping)))).message).toBe('the line broke');
});

test('a stream that closes before its end ends the rows with an error', async () => {
  const closing = new PassThrough();
  closing.write('id,path\n1,a.jpg\n');
  const rows = errorOf(all(csvRows(closing, mapping)));
  closing.destroy();
  expect(await rows).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

test('a stream that was destroyed or read before is refused', async () => {
  const destroyed = csv('id,path\n');
  destroyed.destroy();
  const read = csv('id,path\n');
  await read.toArray();
  for (const stream of [destroyed, read]) {
    expect(await errorOf(all(csvRows(stream, mapping)))).toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'stream' },
    });
  }
});

test('a column that the header names twice is refused where it is asked for', async () => {
  const error = await errorOf(all(csvRows(csv('id,path,path\n1,a.jpg,b.jpg\n'), mapping)));
  expect(error).toMatchObject({ code: 'INVALID_CSV', context: { repeated: ['path'] } });
  expect(await all(csvRows(csv('id,path,,\n1,a.jpg,,\n'), mapping))).toMatchObject([{ key: 'a.jpg' }]);
});

test('a mapping that is wrong is refused', async () => {
  for (const wrong of [
    {},
    { ...mapping, key: '' },
    { ...mapping, delimiter: ',,' },
    { ...mapping, slot: { value: 1 } },
  ]) {
    expect(await errorOf(all(csvRows(csv(''), wrong as never)))).toMatchObject({ code: 'INVALID_OPTION' });
  }
});

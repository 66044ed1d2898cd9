import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { FileImporter, type ImportRow, trackFileColumn } from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from '../registry/error-of.js';

const registry = await createTestRegistry();
const importer = registry.module.get(FileImporter);

afterEach(() => registry.assertLaws());

async function object(key = `covers/${randomUUID()}.jpg`, content = 'bytes'): Promise<string> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return key;
}

const row = (key: string, given: Partial<ImportRow> = {}): ImportRow => ({
  key,
  ownerType: 'article',
  ownerId: randomUUID(),
  slot: 'cover',
  ...given,
});

const ownerOf = ({ ownerType, ownerId, slot }: ImportRow) => ({ type: ownerType, id: ownerId, slot });
const countFiles = async () => (await registry.tables.selectFrom('files').select('id').execute()).length;

test('each object becomes a file that its owner holds, and stays where it is', async () => {
  const rows = [
    row(await object('covers/a b+c.JPG', 'four'), { filename: 'Cover.jpg', contentType: 'image/x-cover' }),
    row(await object(), { ownerId: [7, 'a'] }),
    row(await object('covers/empty', ''), { ownerId: 42 }),
  ];
  expect(await importer.import(rows)).toMatchObject({
    rows: 3,
    taken: 3,
    files: 3,
    references: 3,
    missing: 0,
    busy: 0,
    refused: 0,
    aborted: false,
  });
  const held = await registry.files.filesOf(rows.map(ownerOf));
  expect(held).toMatchObject([
    [
      {
        key: 'covers/a b+c.JPG',
        filename: 'Cover.jpg',
        contentType: 'image/x-cover',
        size: 4,
        checksum: null,
      },
    ],
    [{ contentType: 'image/jpeg', size: 5 }],
    [{ filename: 'empty', contentType: 'application/octet-stream', size: 0 }],
  ]);
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(await registry.files.filesOf(rows.map(ownerOf))).toMatchObject([[{}], [{}], [{}]]);
});

test('importing again changes nothing, and goes on where an import broke off', async () => {
  const rows = [row(await object()), row(await object()), row(await object())];
  await importer.import(rows.slice(0, 2));
  expect(await importer.import(rows)).toMatchObject({ taken: 3, files: 1, references: 1 });
  expect(await importer.import(rows)).toMatchObject({ taken: 3, files: 0, references: 0 });
  expect(await importer.import(rows, { skipRows: 2 })).toMatchObject({ rows: 1, taken: 1 });
});

test('rows that name one object share its file, in one batch and over several', async () => {
  const key = await object();
  const before = await countFiles();
  const rows = [row(key), row(key), row(key)];
  const report = await importer.import(rows, { batchSize: 2 });
  expect(report).toMatchObject({ taken: 3, files: 1, references: 3 });
  expect(await countFiles()).toBe(before + 1);
});

test('a file that the registry stored or attached by itself is taken as it is', async () => {
  const file = await registry.store();
  const given = row(file.key);
  expect(await importer.import([given])).toMatchObject({ files: 0, references: 1 });
  expect(await registry.files.filesOf(ownerOf(given))).toMatchObject([
    { id: file.id, checksum: file.checksum },
  ]);
});

test('rows without an object are counted, shown and told one by one', async () => {
  const rows = [row('gone/1.jpg'), row(await object()), row('gone/2.jpg'), row('gone/3.jpg')];
  const told: unknown[] = [];
  const report = await importer.import(rows, {
    samples: 2,
    skipRows: 0,
    onMissing: ({ key }, number) => told.push([key, number]),
  });
  expect(report).toMatchObject({ rows: 4, taken: 1, files: 1, missing: 3 });
  expect(report.samples.missing).toEqual([
    { row: 1, key: 'gone/1.jpg' },
    { row: 3, key: 'gone/2.jpg' },
  ]);
  expect(told).toEqual([
    ['gone/1.jpg', 1],
    ['gone/2.jpg', 3],
    ['gone/3.jpg', 4],
  ]);
});

test('a row that is wrong is refused with its reason, and the others are imported', async () => {
  await mkdir(join(registry.media.path, 'folder'), { recursive: true });
  await symlink('/etc/hostname', join(registry.media.path, 'link.jpg'));
  const part = await object(`${randomUUID()}.part`);
  const good = await object();
  const wrong: [ImportRow, RegExp][] = [
    [row('./a.jpg'), /key/],
    [row('/media/a.jpg'), /key/],
    [row('../a.jpg'), /key/],
    [row('a\\b\0.jpg'), /key/],
    [row(''), /no key/],
    [row(null as never), /no key/],
    [row(7 as never), /key/],
    [row(part), /temporary file/],
    [row('folder'), /not a regular file/],
    [row('link.jpg'), /not a regular file/],
    [row(good, { ownerType: 'file' }), /reserved/],
    [row(good, { ownerId: null as never }), /id/],
    [row(good, { slot: '' }), /slot/],
    [row(good, { contentType: 'no type' }), /malformed/],
    [null as never, /A row is/],
  ];
  const told: number[] = [];
  const report = await importer.import([...wrong.map(([given]) => given), row(good)], {
    samples: 100,
    onRefused: (_, number) => told.push(number),
  });
  expect(report).toMatchObject({ rows: wrong.length + 1, taken: 1, refused: wrong.length });
  const reasons = new Map(report.samples.refused.map(({ row: number, reason }) => [number, reason]));
  for (const [index, [, reason]] of wrong.entries()) {
    expect(reasons.get(index + 1), `row ${index + 1}`).toMatch(reason);
  }
  expect(told.toSorted((a, b) => a - b)).toEqual(wrong.map((_, index) => index + 1));
  await Promise.all(['link.jpg', part].map((key) => rm(join(registry.media.path, key))));
});

test('mapKey makes keys of paths in odd shapes, and passes over what it does not know', async () => {
  const key = await object('odd/ä b.jpg');
  const paths = [
    './odd/ä b.jpg',
    '/media/odd/ä b.jpg',
    'odd\\ä b.jpg',
    'odd/%C3%A4%20b.jpg',
    'http://elsewhere/a.jpg',
  ];
  const report = await importer.import(
    paths.map((path) => row(path)),
    {
      mapKey: (path) =>
        path.includes('://')
          ? null
          : decodeURIComponent(path)
              .replaceAll('\\', '/')
              .replace(/^(\.\/|\/media\/)/, ''),
    },
  );
  expect(report).toMatchObject({ taken: 4, files: 1, references: 4, refused: 1 });
  expect(report.samples.refused).toMatchObject([
    { row: 5, key: paths[4], reason: 'mapKey passed the row over.' },
  ]);
  expect(
    await registry.tables.selectFrom('files').select('key').where('key', '=', key).execute(),
  ).toHaveLength(1);
});

test('a key that is due to be deleted is busy, and the rest of its batch is imported', async () => {
  const [lost, good] = [row(await object()), row(await object())];
  await importer.import([lost]);
  const [file] = await registry.files.filesOf(ownerOf(lost));
  await registry.db.transaction().execute((trx) => registry.files.in(trx).erase(file!));
  const report = await importer.import([lost, good]);
  expect(report).toMatchObject({ rows: 2, taken: 1, files: 1, references: 1, busy: 1 });
  expect(report.samples.busy).toEqual([{ row: 1, key: lost.key }]);
});

test('a dry run tells what would be and changes nothing', async () => {
  const rows = [row(await object()), row(await object()), row('gone.jpg')];
  const before = await countFiles();
  const dry = await importer.import(rows, { dryRun: true });
  expect(await countFiles()).toBe(before);
  expect(await registry.files.filesOf(ownerOf(rows[0]!))).toEqual([]);
  expect(await importer.import(rows)).toEqual(dry);
});

test('two imports of the same rows at once make each file once', async () => {
  const rows = await Promise.all(Array.from({ length: 50 }, async () => row(await object())));
  const reports = await Promise.all([importer.import(rows), importer.import(rows.toReversed())]);
  expect(reports).toMatchObject([{ taken: 50 }, { taken: 50 }]);
  expect(reports[0].files + reports[1].files).toBe(50);
  expect(reports[0].references + reports[1].references).toBe(50);
});

test('the slot of a guarded tracked column is refused, with the advice to track the column', async () => {
  await registry.pool.query('create table covered (id integer primary key, cover uuid)');
  await trackFileColumn(registry.pool, {
    table: 'covered',
    column: 'cover',
    ownerType: 'covered',
    guarded: true,
  });
  const key = await object();
  const error = await errorOf(importer.import([row(key, { ownerType: 'covered', slot: 'cover' })]));
  expect(error).toMatchObject({ code: 'INVALID_OWNER' });
  expect(error.message).toMatch(/follows the column public\.covered\.cover.*track the column instead/);
  await rm(join(registry.media.path, key));
});

test('progress is told after each batch, and the signal ends it between two', async () => {
  const rows = await Promise.all(Array.from({ length: 6 }, async () => row(await object())));
  const stop = new AbortController();
  const seen: number[] = [];
  const report = await importer.import(rows, {
    batchSize: 2,
    signal: stop.signal,
    onProgress: ({ taken }) => {
      seen.push(taken);
      stop.abort();
    },
  });
  expect(report.aborted).toBe(true);
  expect(report.taken).toBeLessThan(6);
  expect(seen[0]).toBe(2);
  expect(await importer.import(rows)).toMatchObject({ taken: 6, aborted: false });
});

test('rows that fail while they are read end the import, and what came before stays', async () => {
  const given = row(await object());
  async function* broken() {
    yield given;
    throw new Error('the cursor is gone');
  }
  expect((await errorOf(importer.import(broken(), { batchSize: 1 }))).message).toBe('the cursor is gone');
  expect(await registry.files.filesOf(ownerOf(given))).toHaveLength(1);
});

test.for([
  { batchSize: 0 },
  { batchSize: 10_001 },
  { concurrency: 257 },
  { concurrency: 1.5 },
  { skipRows: -1 },
  { samples: 10_001 },
  { dryRun: 'yes' },
  { mapKey: 'key' },
  { onMissing: 1 },
  { signal: {} },
])('the option %o is refused', async (options) => {
  const error = await errorOf(importer.import([], options as never));
  expect(error).toMatchObject({ code: 'INVALID_OPTION', context: { option: Object.keys(options)[0] } });
});

test('what is no list of rows and no storage is refused', async () => {
  expect(await errorOf(importer.import(7 as never))).toMatchObject({ code: 'INVALID_OPTION' });
  expect(await errorOf(importer.import([], { storage: 'nowhere' }))).toMatchObject({
    code: 'UNKNOWN_STORAGE',
  });
});

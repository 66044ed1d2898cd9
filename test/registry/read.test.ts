import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileArgument, ReadOptions } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files } = registry;
const digits = await registry.store('0123456789');
const empty = await registry.store('');
const large = await files.store(Buffer.alloc(300_000, 'abcdefg'));

async function read(file: FileArgument, options?: ReadOptions): Promise<string> {
  return Buffer.concat(await (await files.read(file, options)).toArray()).toString();
}

test.for<[string, ReadOptions, string]>([
  ['no range', {}, '0123456789'],
  ['a range of undefined', { start: undefined, end: undefined }, '0123456789'],
  ['the first byte', { start: 0, end: 0 }, '0'],
  ['the last byte', { start: 9, end: 9 }, '9'],
  ['some in the middle', { start: 3, end: 5 }, '345'],
  ['from an offset on', { start: 7 }, '789'],
  ['up to an offset', { end: 2 }, '012'],
  ['all, by its ends', { start: 0, end: 9 }, '0123456789'],
  ['an end behind the last byte', { start: 8, end: 10 }, '89'],
  ['an end far behind', { start: 8, end: Number.MAX_SAFE_INTEGER }, '89'],
])('%s', async ([, range, expected]) => {
  expect(await read(digits, range)).toBe(expected);
});

test.for<ReadOptions>([
  { start: 10 },
  { start: 10, end: 12 },
  { start: 5, end: 4 },
  { start: -1 },
  { start: -3, end: -1 },
  { end: -1 },
  { start: 0.5 },
  { end: 1.5 },
  { start: Number.NaN },
  { end: Number.NaN },
  { start: Infinity },
  { start: 0, end: Infinity },
  { start: 2 ** 53 },
  { start: '1' as never },
  { start: 1n as never },
  { end: null as never, start: null as never },
])('%o is no range of ten bytes', async (range) => {
  const error = await errorOf(files.read(digits, range));

  expect(error).toMatchObject({ code: 'INVALID_RANGE', kind: 'usage', context: { size: 10 } });
  expect(error.message).toContain('10 bytes');
});

test('an empty file is read whole, but has no byte for a range', async () => {
  expect(await read(empty)).toBe('');
  for (const range of [{ start: 0 }, { start: 0, end: 0 }, { end: 0 }, { start: 1 }]) {
    expect(await errorOf(files.read(empty, range))).toMatchObject({ code: 'INVALID_RANGE' });
  }
});

test('a range over many chunks is the right one', async () => {
  const text = Buffer.alloc(300_000, 'abcdefg').toString();

  expect(await read(large, { start: 65_535, end: 262_145 })).toBe(text.slice(65_535, 262_146));
});

test('a signal ends the reading', async () => {
  expect(await errorOf(files.read(large, { signal: AbortSignal.abort() }))).toMatchObject({
    name: 'AbortError',
  });

  const controller = new AbortController();
  const stream = await files.read(large, { signal: controller.signal });
  const bytes = errorOf(stream.toArray());
  controller.abort();
  expect(await bytes).toMatchObject({ name: 'AbortError' });
});

test('bytes that were removed behind the back are reported as missing', async () => {
  const file = await registry.store('here today');
  await rm(join(registry.media.path, file.key));

  const error = await errorOf(files.read(file));
  expect(error).toMatchObject({ code: 'BYTES_MISSING', kind: 'permanent', context: { key: file.key } });
  expect(await errorOf(files.read(file, { start: 2 }))).toMatchObject({ code: 'BYTES_MISSING' });
});

test('a file that never was, and one that is gone, are told apart', async () => {
  const id = randomUUID();
  expect(await errorOf(files.read(id))).toMatchObject({ code: 'FILE_NOT_FOUND', context: { fileIds: [id] } });

  const file = await registry.store('here today');
  await registry.pool.query('delete from file_registry.files where id = $1', [file.id]);
  expect(await registry.deletion(file)).toMatchObject({ state: 'condemned' });
  expect(await errorOf(files.read(file))).toMatchObject({ code: 'FILE_CONDEMNED', kind: 'usage' });

  await registry.processor.drain();
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted' });
  expect(await errorOf(files.read(file))).toMatchObject({ code: 'FILE_CONDEMNED' });
});

test('a file in a storage that this process does not know says which', async () => {
  const { rows } = await registry.pool.query(
    `insert into file_registry.files (id, storage, key, content_type, size)
     values (uuidv7(), 'attic', 'old.txt', 'text/plain', 3) returning id::text`,
  );

  const error = await errorOf(files.read(rows[0].id));
  expect(error).toMatchObject({ code: 'UNKNOWN_STORAGE', context: { storage: 'attic' } });
  expect(error.message).toContain('media');
});

test('a stream that nobody reads holds no file open, and bytes that go before are told by the stream', async () => {
  const file = await registry.store('here today');
  const stream = await files.read(file);
  await rm(join(registry.media.path, file.key));

  expect(await errorOf(stream.toArray())).toMatchObject({ code: 'BYTES_MISSING' });
});

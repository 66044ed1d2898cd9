import { afterAll, describe, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { expectNothingLeft } from './nothing-is-left.js';

const registry = await createTestRegistry();
const { files } = registry;
const withMetadata = (metadata: unknown) =>
  files.store(Buffer.from('a'), { metadata: metadata as Record<string, unknown> });
const withName = (filename: unknown) => files.store(Buffer.from('a'), { filename: filename as string });

afterAll(() => expectNothingLeft(registry, registry.media));

function nested(depth: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe('metadata', () => {
  test.for<object>([
    {},
    { text: 'ä € 😀', number: -1.5, nothing: null, list: [1, [2]], deep: { er: true } },
    { '': 'the empty key', 'a\\u0000b': 'a backslash and u0000, no NUL', 'c\\\\u0000': '\\ud800' },
    { big: 'x'.repeat(65_000) },
    { lines: 'a\n\t"b"', constructor: 'c', __proto__x: 1 },
    { deep: nested(3_000) },
  ])('%j comes back as it was', async (metadata) => {
    const file = await withMetadata(metadata);

    expect(file.metadata).toEqual(metadata);
    expect((await files.find(file))?.metadata).toEqual(metadata);
  });

  test('is an empty object where none is given', async () => {
    expect((await withMetadata(undefined)).metadata).toEqual({});
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;

  test.for([
    ['an array', [1]],
    ['null', null],
    ['a text', '{}'],
    ['a number', 42],
    ['a function', () => ({})],
    ['a date', new Date(0)],
    ['what JSON leaves out', { toJSON: () => undefined }],
    ['what throws', { toJSON: () => expect.unreachable() }],
    ['a circle', circular],
    ['a bigint', { n: 1n }],
    ['NUL in a value', { a: 'b\0c' }],
    ['NUL in a key', { 'a\0': 1 }],
    ['NUL behind a backslash', { a: '\\\0' }],
    ['half a surrogate pair', { a: '\ud83d' }],
    ['the other half', { a: ['\ude00'] }],
    ['more than 64 KiB', { a: 'x'.repeat(65_536) }],
    ['more than 64 KiB in few characters', { a: '€'.repeat(22_000) }],
    ['thousands of levels', { a: nested(30_000) }],
  ] as const)('%s is refused before anything is written', async ([, metadata]) => {
    const rows = () => registry.tables.selectFrom('deletions').select('file_id').execute();
    const rowsBefore = (await rows()).length;

    expect(await errorOf(withMetadata(metadata))).toMatchObject({ code: 'INVALID_METADATA', kind: 'usage' });
    expect((await rows()).length).toBe(rowsBefore);
  });
});

describe('the file name', () => {
  test.for([
    ['a name', 'holiday photo.jpg', 'holiday photo.jpg'],
    ['emoji', '🏖️👨‍👩‍👧.png', '🏖️👨‍👩‍👧.png'],
    ['letters in two parts', 'u\u0308ber.txt', 'über.txt'],
    ['a path', '../../etc/passwd', 'passwd'],
    ['a path of Windows', 'C:\\photos\\me.jpg', 'me.jpg'],
    ['control characters', 'a\n\u0007b\0.txt', 'ab.txt'],
    ['a mark that turns the text around', 'a\u202egpj.exe', 'agpj.exe'],
    ['half a surrogate pair', 'a\ud83d.txt', 'a.txt'],
    ['only dots', '...', null],
    ['nothing', '', null],
    ['no name', undefined, null],
    ['null', null, null],
  ] as const)('%s', async ([, given, kept]) => {
    const file = await withName(given);

    expect(file.filename).toBe(kept);
    expect((await files.find(file))?.filename).toBe(kept);
    expect(await registry.hasBytes(file)).toBe(true);
  });

  test.for(['x'.repeat(10_000), '😀'.repeat(5_000)])(
    'of ten thousand characters is cut and keeps its ending',
    async (long) => {
      const file = await withName(`${long}.jpeg`);

      expect(Buffer.byteLength(file.filename ?? '')).toBeLessThanOrEqual(255);
      expect(file.filename).toMatch(/^(x|😀)+\.jpeg$/u);
      expect(file.contentType).toBe('image/jpeg');
      expect(file.key.endsWith('.jpeg')).toBe(true);
      expect(await registry.hasBytes(file)).toBe(true);
    },
  );

  test.for([42, {}, [], true, Symbol('name')])('that is no text but %s is refused', async (filename) => {
    expect(await errorOf(withName(filename))).toMatchObject({ code: 'INVALID_FILENAME', kind: 'usage' });
  });
});

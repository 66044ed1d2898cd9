import { Readable } from 'node:stream';
import type { StoreOptions } from 'nestjs-file-registry';
import { afterAll, describe, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { expectNothingLeft } from './nothing-is-left.js';

const registry = await createTestRegistry({
  maxSizeBytes: 10,
  allowedContentTypes: ['image/*', 'Text/Plain', 'application/octet-stream'],
});
const { files } = registry;
const store = (bytes: number, options: StoreOptions = {}) => files.store(Buffer.alloc(bytes), options);

afterAll(() => expectNothingLeft(registry, registry.media));

describe('the size', () => {
  test('as many bytes as allowed are stored, one more is refused', async () => {
    expect(await store(10)).toMatchObject({ size: 10 });

    const error = await errorOf(store(11));
    expect(error).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      kind: 'usage',
      context: { maxSizeBytes: 10 },
    });
    expect(error.message).toContain('larger than 10 bytes');
  });

  test('a call may allow more or less than the module', async () => {
    expect(await store(11, { maxSizeBytes: 11 })).toMatchObject({ size: 11 });
    expect(await errorOf(store(3, { maxSizeBytes: 2 }))).toMatchObject({ code: 'CONTENT_TOO_LARGE' });
    expect(await store(1, { maxSizeBytes: 1 })).toMatchObject({ size: 1 });
  });

  test('a stream is stopped at the limit and destroyed, not read to its end', async () => {
    let chunks = 0;
    const endless = new Readable({
      read() {
        chunks++;
        this.push(Buffer.alloc(4));
      },
    });

    expect(await errorOf(files.store(endless))).toMatchObject({ code: 'CONTENT_TOO_LARGE' });
    expect(endless.destroyed).toBe(true);
    expect(chunks).toBeLessThan(100_000);
  });

  test.for([0, -1, 1.5, Number.NaN, Infinity, 2 ** 53, '10', {}, Symbol('10')])(
    'a limit of %s is refused before anything is read',
    async (maxSizeBytes) => {
      const content = Readable.from([Buffer.from('a')]);
      const error = await errorOf(files.store(content, { maxSizeBytes: maxSizeBytes as number }));

      expect(error).toMatchObject({
        code: 'INVALID_OPTION',
        context: { option: 'maxSizeBytes', value: maxSizeBytes },
      });
      expect(error.message).toContain(String(maxSizeBytes));
      expect(content.destroyed).toBe(true);
    },
  );
});

describe('the content type', () => {
  test.for([
    ['image/png', 'image/png'],
    ['image/svg+xml', 'image/svg+xml'],
    ['IMAGE/PNG', 'image/png'],
    ['text/plain', 'text/plain'],
    ['text/plain; charset=utf-8', 'text/plain;charset=utf-8'],
    ['TEXT/plain ; Charset="utf-8"', 'text/plain;charset=utf-8'],
  ])('%s is allowed and kept as %s', async ([given = '', kept]) => {
    expect(await store(1, { contentType: given })).toMatchObject({ contentType: kept });
  });

  test.for(['text/html', 'text/plainer', 'video/mp4', 'text/html; as="text/plain"', 'images/png'])(
    '%s is not allowed',
    async (contentType) => {
      const error = await errorOf(store(1, { contentType }));

      expect(error).toMatchObject({ code: 'CONTENT_TYPE_NOT_ALLOWED', kind: 'usage' });
      expect(error.message).toContain('Allowed are image/*, text/plain, application/octet-stream');
    },
  );

  test.for([
    'image',
    'image/',
    '/png',
    '',
    'image/png\n',
    'image/png\r\nSet-Cookie: a=b',
    'image/p\0ng',
    'image/pñg',
    `image/${'x'.repeat(300)}`,
    42,
    {},
  ])('%j is malformed', async (contentType) => {
    const error = await errorOf(store(1, { contentType: contentType as string }));

    expect(error).toMatchObject({ code: 'CONTENT_TYPE_NOT_ALLOWED', kind: 'usage' });
    expect(error.message).toContain('malformed');
    expect(error.message).not.toMatch(/[\n\0]/);
  });

  test('a call may allow others than the module', async () => {
    const allowedContentTypes = ['video/MP4'];
    expect(await store(1, { contentType: 'video/mp4', allowedContentTypes })).toMatchObject({
      contentType: 'video/mp4',
    });
    expect(await errorOf(store(1, { contentType: 'image/png', allowedContentTypes }))).toMatchObject({
      code: 'CONTENT_TYPE_NOT_ALLOWED',
    });
  });

  test.for([
    [[]],
    ['image/png'],
    [['image']],
    [['*/*']],
    [[42]],
    [null],
    [{}],
    [Array(101).fill('image/png')],
  ])('allowing %j is refused', async ([allowedContentTypes]) => {
    const options = { allowedContentTypes: allowedContentTypes as string[] };
    expect(await errorOf(store(1, options))).toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'allowedContentTypes' },
    });
  });

  test.for([
    ['photo.jpg', 'image/jpeg'],
    ['PHOTO.JPEG', 'image/jpeg'],
    ['notes.txt', 'text/plain'],
    ['no ending', 'application/octet-stream'],
    ['photo.unheard-of', 'application/octet-stream'],
  ])('of %s is %s when nobody says', async ([filename, contentType]) => {
    expect(await store(1, { filename })).toMatchObject({ contentType });
  });

  test('what the caller says wins over the name, and the name must be allowed where he says nothing', async () => {
    expect(await store(1, { filename: 'a.html', contentType: 'image/gif' })).toMatchObject({
      contentType: 'image/gif',
    });
    expect(await errorOf(store(1, { filename: 'a.html' }))).toMatchObject({
      code: 'CONTENT_TYPE_NOT_ALLOWED',
    });
  });
});

test.for([null, 42, 'photo.jpg'])('options that are %j are refused', async (options) => {
  expect(await errorOf(files.store(Buffer.from('a'), options as StoreOptions))).toMatchObject({
    code: 'INVALID_OPTION',
  });
});

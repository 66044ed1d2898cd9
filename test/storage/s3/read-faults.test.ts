import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { BytesMissingError } from '../../../src/errors/bytes-missing-error.js';
import { StorageRefusedError } from '../../../src/errors/storage-refused-error.js';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { s3Storage } from '../../../src/storage/s3/index.js';
import { errorAnswer, FakeS3, type FakeAnswer } from './fake-s3.js';

test('a body that breaks off is an error and no short file', async () => {
  await using s3 = await FakeS3.start(() => ({
    headers: { 'content-length': '100', etag: '"whole"' },
    body: 'half',
    hangUp: true,
  }));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  await expect(storage.read({ key: 'a' }).then(buffer)).rejects.toThrow(StorageUnavailableError);
});

test.each([
  ['a stream that is destroyed', {}],
  // The SDK checks such a body on its way; closing the check alone would leave the connection open.
  ['a stream with a checksum that is destroyed', { 'x-amz-checksum-crc32': 'AAAAAA==' }],
])('%s gives its connection back', async (_what, headers) => {
  const body = 'x'.repeat(8_000_000);
  await using s3 = await FakeS3.start(() => ({
    headers: { 'content-length': String(body.length), etag: '"whole"', ...headers },
    body,
  }));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const stream = await storage.read({ key: 'a' });
  expect(await s3.connections()).toBe(1);
  stream.destroy();
  await expect.poll(() => s3.connections(), { timeout: 15_000 }).toBe(0);

  const abort = new AbortController();
  const aborted = await storage.read({ key: 'a' }, { signal: abort.signal });
  abort.abort();
  await expect(buffer(aborted)).rejects.toThrow('abort');
  await expect.poll(() => s3.connections(), { timeout: 15_000 }).toBe(0);
});

test('stat takes a missing bucket for no absent object', async () => {
  await using s3 = await FakeS3.start(() => ({ status: 404 }));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  await expect(storage.stat({ key: 'a' })).rejects.toThrow(StorageUnusableError);
});

test('bytes are missing only where S3 says so', async () => {
  let answer: FakeAnswer = { status: 404, body: '<html><body>default backend - 404</body></html>' };
  await using s3 = await FakeS3.start(() => answer);
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  for (const status of [404, 405, 416]) {
    answer = { ...answer, status };
    await expect(storage.read({ key: 'a', versionId: '1' })).rejects.toThrow(StorageUnavailableError);
  }
  answer = errorAnswer(404, 'NoSuchKey');
  await expect(storage.read({ key: 'a' })).rejects.toThrow(BytesMissingError);
});

test.each([
  [403, 'AccessDenied', StorageRefusedError],
  [503, 'status 503', StorageUnavailableError],
])('stat goes by the status %d, as no answer to it has a body', async (status, code, type) => {
  await using s3 = await FakeS3.start(() => ({ status }));
  const stat = s3Storage({ client: s3.client, bucket: 'bucket' }).stat({ key: 'a' });
  const error = await stat.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  expect(error).toMatchObject({ context: { code } });
});

test.each([
  [undefined, { start: 2, end: 3 }],
  [undefined, { start: 2 }],
  [undefined, { end: 3 }],
  ['bytes 0-1/10', { start: 2, end: 3 }],
  ['bytes 2-9/10', { start: 2, end: 3 }],
])('an answer with the range %s to one that was asked for, %j, is refused', async (contentRange, range) => {
  const headers = {
    etag: '"whole"',
    ...(contentRange === undefined ? {} : { 'content-range': contentRange }),
  };
  await using s3 = await FakeS3.start(() => ({ headers, body: '0123456789' }));
  const reading = s3Storage({ client: s3.client, bucket: 'bucket' }).read({ key: 'a' }, range);
  await expect(reading).rejects.toThrow(StorageUnavailableError);
});

test.each([
  ['bytes 2-3/10', { start: 2, end: 3 }, '23'],
  ['bytes 8-9/10', { start: 8, end: 20 }, '89'],
  ['bytes 8-9/10', { start: 8 }, '89'],
  ['bytes 0-1/*', { end: 1 }, '01'],
])('an answer with the range %s fits %j', async (contentRange, range, body) => {
  const headers = { etag: '"whole"', 'content-range': contentRange };
  await using s3 = await FakeS3.start(() => ({ status: 206, headers, body }));
  const reading = s3Storage({ client: s3.client, bucket: 'bucket' }).read({ key: 'a' }, range);
  expect(String(await buffer(await reading))).toBe(body);
});

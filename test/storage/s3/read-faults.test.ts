import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { s3Storage } from '../../../src/storage/s3/index.js';
import { FakeS3 } from './fake-s3.js';

test('a body that breaks off is an error and no short file', async () => {
  await using s3 = await FakeS3.start(() => ({
    headers: { 'content-length': '100' },
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
    headers: { 'content-length': String(body.length), ...headers },
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

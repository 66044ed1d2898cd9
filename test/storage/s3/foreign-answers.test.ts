import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { s3Storage } from '../../../src/storage/s3/index.js';
import { errorAnswer, FakeS3, type FakeRequest } from './fake-s3.js';

const page = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>We are back soon</body></html>',
};
const inPlace = 'has answered in place of the storage';
const plain = { contentType: 'text/plain' };
const small = () => Readable.from([Buffer.from('small')]);
const large = () => Readable.from([Buffer.alloc(9_000_000)]);

type Storage = ReturnType<typeof s3Storage>;

test.each([
  ['write', (storage: Storage) => storage.write('a', small(), plain)],
  ['write in parts', (storage: Storage) => storage.write('a', large(), plain)],
  ['read', (storage: Storage) => storage.read({ key: 'a' })],
  ['stat', (storage: Storage) => storage.stat({ key: 'a' })],
  ['list', async (storage: Storage) => storage.list()[Symbol.asyncIterator]().next()],
])("a proxy's page with status 200 is no answer to %s", async (_what, call) => {
  await using s3 = await FakeS3.start(() => page);
  const error = await call(s3Storage({ client: s3.client, bucket: 'bucket' })).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StorageUnavailableError);
  expect(error).toMatchObject({ retryable: true, message: expect.stringContaining(inPlace) });
});

test('a storage whose proxy answers by a page is not fit for use', async () => {
  await using s3 = await FakeS3.start(() => page);
  const refusal = s3Storage({ client: s3.client, bucket: 'bucket' }).check();
  await expect(refusal).rejects.toThrow(StorageUnusableError);
  await expect(refusal).rejects.toThrow(inPlace);
});

test("a proxy's page with status 200 deletes nothing, neither key by key nor an upload nor a version", async () => {
  await using s3 = await FakeS3.start(({ query }) => {
    if (query.has('versions') || query.has('uploads')) return page;
    return query.has('delete') ? errorAnswer(501, 'NotImplemented') : page;
  });
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const outcomes = await storage.delete([
    { key: 'alone', abandoned: false },
    { key: 'version', versionId: '1', abandoned: false },
    { key: 'upload', abandoned: true },
  ]);
  for (const { error } of outcomes)
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining(inPlace) });
});

test.each([
  ['the parts', (request: FakeRequest) => request.query.has('partNumber')],
  ['the whole', ({ method, query }: FakeRequest) => method === 'POST' && query.has('uploadId')],
])('an answer to %s of an upload without an ETag is no answer of S3', async (_what, bare) => {
  await using s3 = await FakeS3.start((request) => {
    if (bare(request)) return {};
    if (request.method === 'POST' && request.query.has('uploads'))
      return {
        body: '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
      };
    return { headers: { etag: '"part"' } };
  });
  const writing = s3Storage({ client: s3.client, bucket: 'bucket' }).write('a', large(), plain);
  const error = await writing.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StorageUnavailableError);
  expect(error).toMatchObject({ message: expect.stringContaining(inPlace) });
});

import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { s3Storage } from '../../../src/storage/s3/index.js';
import { errorAnswer, FakeS3, type FakeAnswer, type FakeRequest } from './fake-s3.js';

const partSizeBytes = 5 * 1024 * 1024;
const plain = { contentType: 'text/plain' };
const small = () => Readable.from([Buffer.from('small')]);
const large = () => Readable.from([Buffer.alloc(partSizeBytes), Buffer.alloc(1)]);

/** A server that takes uploads, small ones and those in parts, and answers version after version. */
function takeUploads() {
  let versions = 0;
  return ({ method, query }: FakeRequest): FakeAnswer => {
    if (query.has('uploads'))
      return {
        body:
          method === 'POST'
            ? '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'
            : '<ListMultipartUploadsResult><Bucket>bucket</Bucket></ListMultipartUploadsResult>',
      };
    if (query.has('partNumber')) return { headers: { etag: '"part"' } };
    if (query.has('versions'))
      return { body: '<ListVersionsResult><Name>bucket</Name></ListVersionsResult>' };
    if (method === 'DELETE') return { status: 204 };
    const headers = { etag: '"whole"', 'x-amz-version-id': `v${++versions}` };
    if (method === 'PUT') return { headers };
    return {
      headers,
      body: '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>',
    };
  };
}

const makesVisible = ({ method, query }: FakeRequest) =>
  (method === 'PUT' && !query.has('partNumber')) || (method === 'POST' && query.has('uploadId'));

test.each([
  ['small', small],
  ['large', large],
])('a %s object is written in one version, and it is answered', async (_what, content) => {
  await using s3 = await FakeS3.start(takeUploads());
  const storage = s3Storage({ client: s3.client, bucket: 'bucket', partSizeBytes });
  expect(await storage.write('a', content(), plain)).toEqual({ versionId: 'v1' });
});

test.each([
  ['small', small],
  ['large', large],
])(
  'a write of a %s object that was sent twice answers no version, for it may have left another',
  async (_what, content) => {
    const take = takeUploads();
    let lost = 1;
    await using s3 = await FakeS3.start(
      (request) => {
        const answer = take(request);
        return makesVisible(request) && lost-- > 0 ? errorAnswer(500, 'InternalError') : answer;
      },
      { maxAttempts: 2 },
    );
    const storage = s3Storage({ client: s3.client, bucket: 'bucket', partSizeBytes });
    expect(await storage.write('a', content(), plain)).toEqual({});
    expect(s3.requests.filter(makesVisible)).toHaveLength(2);
  },
);

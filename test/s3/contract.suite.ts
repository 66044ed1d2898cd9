import { ListMultipartUploadsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { storageContract } from 'nestjs-file-registry/testing';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const { plain, versioned } = inject('s3');

describe.each([
  ['a plain bucket', plain, undefined, 600],
  ['a plain bucket below a prefix', plain, `contract/${randomUUID()}`, 100],
  ['a bucket that keeps versions', versioned, undefined, 100],
  ['a bucket that keeps versions below a prefix', versioned, `contract/${randomUUID()}`, 100],
])('in %s', (_bucket, bucket, prefix, manyObjects) => {
  // What the cases write; nobody else in the bucket is looked at.
  const keys = `contract-${randomUUID()}/`;
  const cases = storageContract({
    makeStorage: () => s3Storage({ client, bucket, prefix }),
    prefix: keys,
    list: () => everythingBelow(bucket, prefix === undefined ? keys : `${prefix}/`),
    // 1,200 keys are more than one bulk call takes.
    manyObjects,
    timeoutMs: 40_000,
  });
  test.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (_case, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

async function everythingBelow(Bucket: string, Prefix: string): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket, Prefix }),
  );
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
  return [
    ...Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`),
    ...DeleteMarkers.map(({ Key, VersionId }) => `marker of ${Key} ${VersionId}`),
    ...Uploads.map(({ Key }) => `upload of ${Key}`),
  ];
}

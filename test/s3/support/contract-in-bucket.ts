import { ListMultipartUploadsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { storageContract } from 'nestjs-file-registry/testing';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, expect, test } from 'vitest';
import { testClient } from './test-client.js';

export interface ContractBucket {
  readonly bucket: string;
  readonly prefix?: string;
  /** 600 keys and as many absent ones are more than one bulk call takes. */
  readonly manyObjects: number;
}

/** Declares the cases of the contract of storages for one bucket. A test file for each: they wait for the server, not for each other. */
export function contractIn({ bucket, prefix, manyObjects }: ContractBucket): void {
  const client = testClient();
  afterAll(() => client.destroy());
  // What the cases write; nobody else in the bucket is looked at.
  const keys = `contract-${randomUUID()}/`;
  const cases = storageContract({
    makeStorage: () => s3Storage({ client, bucket, prefix }),
    prefix: keys,
    list: () => everythingBelow(client, bucket, prefix === undefined ? keys : `${prefix}/`),
    manyObjects,
    timeoutMs: 40_000,
  });
  test.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (_case, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
}

async function everythingBelow(client: S3Client, Bucket: string, Prefix: string): Promise<string[]> {
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

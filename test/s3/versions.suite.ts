import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  CreateBucketCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, expect, inject, test } from 'vitest';
import { removeBucket } from './support/empty-bucket.js';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const Bucket = inject('s3').versioned;
const plain = { contentType: 'text/plain' };

async function versionsBelow(Prefix: string, bucket = Bucket): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket: bucket, Prefix }),
  );
  return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => `${Key} ${VersionId}`);
}

function fresh() {
  const prefix = `versions/${randomUUID()}`;
  return { prefix: `${prefix}/`, storage: s3Storage({ client, bucket: Bucket, prefix }) };
}

test('write answers the version, for small objects and for those in parts', async () => {
  const { prefix, storage } = fresh();
  for (const [key, size] of [
    ['small', 10],
    ['large', 9_000_000],
  ] as const) {
    const { versionId } = await storage.write(key, Readable.from([Buffer.alloc(size)]), plain);
    const stored = await storage.stat({ key });
    expect(stored).toMatchObject({ sizeBytes: size });
    expect(versionId ?? stored?.versionId).toBe(stored?.versionId);
    expect(await storage.delete([{ key, versionId, abandoned: false }])).toEqual([{ key }]);
  }
  expect(await versionsBelow(prefix)).toEqual([]);
});

test('delete takes the exact version and leaves those of others', async () => {
  const { prefix, storage } = fresh();
  const one = await storage.write('a', Readable.from(['one']), plain);
  const other = await storage.write('a', Readable.from(['other']), plain);
  await storage.delete([{ key: 'a', versionId: one.versionId, abandoned: false }]);
  expect(await versionsBelow(prefix)).toEqual([`${prefix}a ${other.versionId}`]);
  expect(await storage.stat({ key: 'a', versionId: one.versionId })).toBeNull();
});

test.each([
  ['without a version', false],
  ['of an abandoned upload', true],
])('a key %s loses every version and every marker, and no other key does', async (_what, abandoned) => {
  const { prefix, storage } = fresh();
  for (let n = 0; n < 3; n++) await storage.write('a', Readable.from([`${n}`]), plain);
  await client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}a` }));
  await storage.write('ab', Readable.from(['other']), plain);
  // Once by a storage that has not learnt yet that the bucket keeps versions.
  const stranger = s3Storage({ client, bucket: Bucket, prefix });
  expect(
    await stranger.delete([
      { key: 'a', abandoned },
      { key: 'absent', abandoned },
    ]),
  ).toEqual([{ key: 'a' }, { key: 'absent' }]);
  expect((await versionsBelow(prefix)).map((version) => version.split(' ')[0])).toEqual([`${prefix}ab`]);
});

test('versions from before and after versioning was suspended go, too', async () => {
  const bucket = `file-registry-suspended-${randomUUID().slice(0, 8)}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  try {
    const put = (Body: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body }));
    const set = (Status: 'Enabled' | 'Suspended') =>
      client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }));
    await put('before');
    await set('Enabled');
    await put('during');
    await set('Suspended');
    await put('after');
    const storage = s3Storage({ client, bucket });
    expect(await storage.delete([{ key: 'a', abandoned: false }])).toEqual([{ key: 'a' }]);
    expect(await versionsBelow('', bucket)).toEqual([]);
  } finally {
    await removeBucket(client, bucket);
  }
});

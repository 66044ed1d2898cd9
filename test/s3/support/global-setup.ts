import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { removeBucket } from './empty-bucket.js';
import { openS3Server } from './open-s3-server.js';
import './test-client.js';

/** Buckets of the run's own, also on a server that was given, so that runs at the same time do not meet. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const { stop, name, ...server } = await openS3Server();
  console.log(`S3: ${name}`);
  const { endpoint, region, ...credentials } = server;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const run = randomBytes(5).toString('hex');
  const plain = process.env['S3_BUCKET'] ?? `file-registry-${run}`;
  const versioned = process.env['S3_VERSIONED_BUCKET'] ?? `file-registry-versions-${run}`;
  const own = [plain, versioned].filter((bucket) => bucket.endsWith(run));
  for (const Bucket of own) await client.send(new CreateBucketCommand({ Bucket }));
  if (own.includes(versioned)) {
    await client.send(
      new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration: { Status: 'Enabled' } }),
    );
  }
  provide('s3', { ...server, plain, versioned });
  return async () => {
    for (const bucket of own) await removeBucket(client, bucket);
    client.destroy();
    await stop();
  };
}

/**
 * Deletions per second on an S3 server: bulk calls of 1,000 keys against a call for each key. With S3_ENDPOINT on that server,
 * else on a Ceph of its own: node --import ./test/support/typescript-hooks.ts bench/s3-deletes.ts [OBJECTS]
 */
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { s3Storage } from '../src/storage/s3/index.js';
import { forEachLimited } from '../src/storage/for-each-limited.js';
import { removeBucket } from '../test/s3/support/empty-bucket.js';
import { openS3Server } from '../test/s3/support/open-s3-server.js';

const objects = Math.min(Number(process.argv[2] ?? 3000), 20_000);
const rounds = 3;

const { stop, name, endpoint, region, ...credentials } = await openS3Server();
const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
const bucket = `file-registry-bench-${randomUUID().slice(0, 8)}`;
try {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  console.log(`${objects} objects of 10 bytes on ${name}, best of ${rounds} rounds`);
  const storage = s3Storage({ client, bucket });
  const one = async (keys: readonly string[], atOnce: number) =>
    forEachLimited(
      keys,
      atOnce,
      async (Key) => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))),
    );
  const ways = {
    'bulk calls of 1,000': async (keys: readonly string[]) => {
      const outcomes = await storage.delete(keys.map((key) => ({ key, abandoned: false })));
      const failed = outcomes.find(({ error }) => error !== undefined);
      if (failed !== undefined) throw new Error(failed.error?.message);
    },
    'single calls, one at a time': (keys: readonly string[]) => one(keys, 1),
    'single calls, 16 at a time': (keys: readonly string[]) => one(keys, 16),
  };
  const rates: number[] = [];
  for (const [way, remove] of Object.entries(ways)) {
    let best = 0;
    for (let round = 0; round < rounds; round++) best = Math.max(best, await measure(remove));
    rates.push(best);
    console.log(`${way}: ${Math.round(best)} deletions/s`);
  }
  const [bulk = 0, single = 1, parallel = 1] = rates;
  console.log(
    `bulk is ${(bulk / single).toFixed(1)} times single calls, ${(bulk / parallel).toFixed(1)} times 16 at a time`,
  );
} finally {
  await removeBucket(client, bucket).catch(() => undefined);
  client.destroy();
  await stop();
}

async function measure(remove: (keys: readonly string[]) => Promise<void>): Promise<number> {
  const keys = Array.from({ length: objects }, () => randomUUID());
  await forEachLimited(keys, 16, async (Key) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '10 bytes !' }));
  });
  const start = performance.now();
  await remove(keys);
  return (objects / (performance.now() - start)) * 1000;
}

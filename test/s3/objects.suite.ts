import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { InvalidKeyError, InvalidRangeError, StorageUnusableError } from 'nestjs-file-registry';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, expect, inject, test } from 'vitest';
import type { StorageObstacle } from '../../src/storage/storage.js';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const { plain: bucket } = inject('s3');
const options = { contentType: 'text/plain' };

function fresh() {
  const prefix = `objects/${randomUUID()}`;
  return { prefix: `${prefix}/`, storage: s3Storage({ client, bucket, prefix }) };
}

async function keysOf(
  storage: ReturnType<typeof s3Storage>,
  onObstacle?: (obstacle: StorageObstacle) => void,
) {
  const keys: string[] = [];
  for await (const { key } of storage.list({ onObstacle })) keys.push(key);
  return keys;
}

async function uploadsBelow(Prefix: string): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix }));
  return Uploads.length;
}

test('images never sees images2', async () => {
  const { prefix } = fresh();
  const images = s3Storage({ client, bucket, prefix: `${prefix}images` });
  const images2 = s3Storage({ client, bucket, prefix: `${prefix}images2` });
  await images2.write('a', Readable.from(['2']), options);
  expect(await keysOf(images)).toEqual([]);
  await images.delete([{ key: 'a', abandoned: true }]);
  expect(await keysOf(images2)).toEqual(['a']);
});

test('more than a page is listed in order, from any key on', async () => {
  const { storage } = fresh();
  const keys = Array.from({ length: 1100 }, (_, n) => `k/${String(n).padStart(5, '0')}`);
  for (let start = 0; start < keys.length; start += 50) {
    await Promise.all(
      keys.slice(start, start + 50).map((key) => storage.write(key, Readable.from(['x']), options)),
    );
  }
  expect(await keysOf(storage)).toEqual(keys);
  const rest: string[] = [];
  for await (const { key } of storage.list({ after: keys[1049] })) rest.push(key);
  expect(rest).toEqual(keys.slice(1050));
  await storage.delete(keys.map((key) => ({ key, abandoned: false })));
  expect(await keysOf(storage)).toEqual([]);
});

test('a listing that is left in the middle can be taken up by another', async () => {
  const { storage } = fresh();
  for (const key of ['a', 'b', 'c']) await storage.write(key, Readable.from([key]), options);
  for await (const { key } of storage.list()) {
    if (key === 'b') break;
  }
  const rest: string[] = [];
  for await (const { key } of storage.list({ after: 'b' })) rest.push(key);
  expect(rest).toEqual(['c']);
});

const oddKeys = [
  'line\nbreak',
  'carriage\rreturn',
  'tab\tand\x01control\x1f',
  ' blank ends ',
  'a<b>&amp;"\'',
  '\u0085\u2028',
  'back\\slash',
  'plus+and space%20',
  '😀/emoji',
  'folder/',
  'two//slashes',
];

test('keys that XML or a URL could garble are written, read, looked at and deleted one by one and together', async () => {
  const { prefix, storage } = fresh();
  const neighbours = ['line', 'carriage', 'tab'];
  for (const key of [...oddKeys, ...neighbours]) await storage.write(key, Readable.from([key]), options);
  for (const key of oddKeys) {
    expect(await text(await storage.read({ key })), JSON.stringify(key)).toBe(key);
    expect(await storage.stat({ key })).toMatchObject({ sizeBytes: Buffer.byteLength(key) });
  }
  const obstacles: StorageObstacle[] = [];
  const listed = await keysOf(storage, (obstacle) => obstacles.push(obstacle));
  const found = [...listed, ...obstacles.map(({ path }) => path)].toSorted();
  expect(found).toEqual([...oddKeys, ...neighbours].toSorted());

  const outcomes = await storage.delete(oddKeys.map((key) => ({ key, abandoned: true })));
  expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  for (const key of oddKeys) expect(await storage.stat({ key }), JSON.stringify(key)).toBeNull();
  expect(await keysOf(storage)).toEqual(neighbours.toSorted());
  expect(await uploadsBelow(prefix)).toBe(0);
});

test('1,024 bytes with the prefix are the longest key', async () => {
  const { prefix, storage } = fresh();
  const key = `${'x'.repeat(200)}/`
    .repeat(5)
    .padEnd(1024 - prefix.length, 'y')
    .slice(0, 1024 - prefix.length);
  await storage.write(key, Readable.from(['long']), options);
  expect(await keysOf(storage)).toEqual([key]);
  await storage.delete([{ key, abandoned: false }]);
  expect(await storage.stat({ key })).toBeNull();
  await expect(storage.write(`${key}z`, Readable.from(['x']), options)).rejects.toThrow(InvalidKeyError);
  await expect(storage.stat({ key: `${key}z` })).rejects.toThrow(InvalidKeyError);
});

test('an object of 0 bytes is read whole and by a range from its beginning', async () => {
  const { storage } = fresh();
  await storage.write('empty', Readable.from([]), options);
  expect(await buffer(await storage.read({ key: 'empty' }))).toHaveLength(0);
  expect(await buffer(await storage.read({ key: 'empty' }, { start: 0, end: 9 }))).toHaveLength(0);
  await expect(storage.read({ key: 'empty' }, { start: 1 })).rejects.toThrow(InvalidRangeError);
});

test('an object that was replaced under its key shows its new size and bytes', async () => {
  const { prefix, storage } = fresh();
  await storage.write('a', Readable.from(['one']), options);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}a`, Body: 'another' }));
  expect(await storage.stat({ key: 'a' })).toMatchObject({ sizeBytes: 7 });
  expect(await text(await storage.read({ key: 'a' }))).toBe('another');
});

test.each([
  ['is aborted', (_content: Readable, abort: AbortController) => abort.abort()],
  ['breaks off', (content: Readable) => content.destroy(new Error('the client hung up'))],
])('an upload of several parts that %s leaves no parts', async (_what, end) => {
  const { prefix, storage } = fresh();
  const abort = new AbortController();
  let sent = 0;
  const content = new Readable({
    read() {
      sent += 1_000_000;
      if (sent < 20_000_000) this.push(Buffer.alloc(1_000_000));
    },
  });
  const writing = storage.write('big', content, { ...options, signal: abort.signal });
  writing.catch(() => undefined);
  while ((await uploadsBelow(prefix)) === 0) await setImmediate();
  end(content, abort);
  await expect(writing).rejects.toThrow(/abort|hung up/);
  expect(content.destroyed).toBe(true);
  expect(await uploadsBelow(prefix)).toBe(0);
  expect(await keysOf(storage)).toEqual([]);
});

test('an abandoned key loses the uploads that a crash left, and only its own', async () => {
  const { prefix, storage } = fresh();
  for (const key of ['photo', 'photo', 'photo1', 'photo/1']) {
    const target = { Bucket: bucket, Key: prefix + key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'part' }));
  }
  await storage.delete([{ key: 'photo', abandoned: false }]);
  expect(await uploadsBelow(prefix), 'a file that was finished has none').toBe(4);
  expect(await storage.delete([{ key: 'photo', abandoned: true }])).toEqual([{ key: 'photo' }]);
  expect(await uploadsBelow(prefix)).toBe(2);
  await storage.delete(['photo1', 'photo/1'].map((key) => ({ key, abandoned: true })));
  expect(await uploadsBelow(prefix)).toBe(0);
});

test('a content that fails before it is read is no unhandled error', async () => {
  const { storage } = fresh();
  const content = new Readable({ read: () => undefined });
  content.on('error', () => undefined);
  content.destroy(new Error('early'));
  await setImmediate();
  await expect(storage.write('a', content, options)).rejects.toThrow('early');
});

test.each([
  ['another secret', { secretAccessKey: 'wrong' }, 'credentials'],
  ['an unknown identity', { accessKeyId: 'nobody' }, 'credentials'],
])('check says what to do with %s', async (_what, wrong, advice) => {
  const { accessKeyId, secretAccessKey } = inject('s3');
  const stranger = testClient({ credentials: { accessKeyId, secretAccessKey, ...wrong } });
  const refusal = await s3Storage({ client: stranger, bucket })
    .check()
    .catch((error: unknown) => error);
  stranger.destroy();
  expect(refusal).toBeInstanceOf(StorageUnusableError);
  expect((refusal as Error).message).toContain(advice);
});

test('what a check left that was killed goes with the next, and several at once do not disturb each other', async () => {
  const { storage, prefix } = fresh();
  for (const key of ['.file-registry-check-upload', '.file-registry-check-upload.jpg'])
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: `${prefix}${key}` }));
  await Promise.all(Array.from({ length: 8 }, () => storage.check()));
  await storage.check();
  expect(await uploadsBelow(prefix)).toBe(1);
  await storage.delete([{ key: '.file-registry-check-upload.jpg', abandoned: true }]);
});

test('check says that the bucket is missing, and that nobody answers', async () => {
  const missing = s3Storage({ client, bucket: `missing-${randomUUID()}` });
  await expect(missing.check()).rejects.toThrow('Create the bucket');
  await expect(missing.stat({ key: 'a' })).rejects.toThrow(StorageUnusableError);
  await expect(keysOf(missing)).rejects.toThrow(StorageUnusableError);
  const nobody = testClient({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
  await expect(s3Storage({ client: nobody, bucket }).check()).rejects.toThrow('Start the server');
  nobody.destroy();
});

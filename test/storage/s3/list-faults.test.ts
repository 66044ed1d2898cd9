import { StorageRefusedError } from '../../../src/errors/storage-refused-error.js';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { s3Storage } from '../../../src/storage/s3/index.js';
import type { StorageObstacle } from '../../../src/storage/storage.js';
import { expect, test } from 'vitest';
import { errorAnswer, FakeS3, type FakeAnswer } from './fake-s3.js';

const date = 'Sun, 01 Mar 2026 12:00:00 GMT';

function page(keys: readonly string[], token?: string, written = '2026-03-01T11:00:00.000Z'): FakeAnswer {
  const contents = keys.map(
    (key) => `<Contents><Key>${key}</Key><Size>3</Size><LastModified>${written}</LastModified></Contents>`,
  );
  const next = token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`;
  const truncated = `<IsTruncated>${token !== undefined}</IsTruncated>`;
  const body = `<ListBucketResult><EncodingType>url</EncodingType>${truncated}${next}${contents.join('')}</ListBucketResult>`;
  return { headers: { Date: date }, body };
}

async function keysOf(storage: ReturnType<typeof s3Storage>, after?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list({ after })) keys.push(key);
  return keys;
}

test('an empty page with a token is no end', async () => {
  const pages: Record<string, FakeAnswer> = { '': page(['a'], '1'), '1': page([], '2'), '2': page(['b']) };
  await using s3 = await FakeS3.start(({ query }) => pages[query.get('continuation-token') ?? ''] ?? {});
  expect(await keysOf(s3Storage({ client: s3.client, bucket: 'bucket' }))).toEqual(['a', 'b']);
});

test('a listing that fails half-way rejects, and goes on behind the last key', async () => {
  let failing = true;
  await using s3 = await FakeS3.start(({ query }) => {
    if (query.get('start-after') === 'b') return page(['c']);
    if (!query.has('continuation-token')) return page(['a', 'b'], '1');
    return failing ? errorAnswer(500, 'InternalError') : page(['c']);
  });
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const seen: string[] = [];
  const listing = (async () => {
    for await (const { key } of storage.list()) seen.push(key);
  })();
  await expect(listing).rejects.toThrow(StorageUnavailableError);
  expect(seen).toEqual(['a', 'b']);
  failing = false;
  expect(await keysOf(storage, 'b')).toEqual(['c']);
});

test('empty pages without an end are given up on', async () => {
  await using s3 = await FakeS3.start(() => page([], 'again'));
  await expect(keysOf(s3Storage({ client: s3.client, bucket: 'bucket' }))).rejects.toThrow('empty pages');
});

test('a page of names that cannot be decoded, again and again and without a token, is given up on', async () => {
  await using s3 = await FakeS3.start(() => {
    const answer = page(['bad%FFname'], 'token');
    return { ...answer, body: (answer.body ?? '').replace(/<Next.*Token>/, '') };
  });
  const listing = keysOf(s3Storage({ client: s3.client, bucket: 'bucket' }));
  await expect(listing).rejects.toThrow('or the same one');
});

test('a listing out of order is refused, because a merge would take it for missing objects', async () => {
  await using s3 = await FakeS3.start(() => page(['b', 'a']));
  await expect(keysOf(s3Storage({ client: s3.client, bucket: 'bucket' }))).rejects.toThrow(
    StorageUnusableError,
  );
});

test("the age is by the server's clock; without one nothing is old", async () => {
  await using s3 = await FakeS3.start(() => page(['a']));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  expect(await collected(storage.list())).toEqual([{ key: 'a', sizeBytes: 3, ageMs: 3_600_000 }]);

  await using future = await FakeS3.start(() => page(['a'], undefined, '2030-03-01T11:00:00.000Z'));
  const ahead = s3Storage({ client: future.client, bucket: 'bucket' });
  expect((await collected(ahead.list()))[0]?.ageMs).toBe(0);
});

test('keys are decoded; what cannot be a key is told of', async () => {
  const encoded = ['a+b', 'a%2Bb', 'bad%FFname', 'c//d', 'line%0Abreak', 'p%25'];
  await using s3 = await FakeS3.start(() => page(encoded));
  const obstacles: StorageObstacle[] = [];
  const keys: string[] = [];
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  for await (const { key } of storage.list({ onObstacle: (obstacle) => obstacles.push(obstacle) }))
    keys.push(key);
  expect(keys).toEqual(['a b', 'a+b', 'p%']);
  expect(obstacles.map(({ path }) => path)).toEqual(['bad%FFname', 'c//d', 'line\nbreak']);
});

test.each([
  [403, 'AccessDenied', StorageRefusedError, 'Allow the identity'],
  [403, 'InvalidAccessKeyId', StorageRefusedError, 'credentials'],
  [403, 'SignatureDoesNotMatch', StorageRefusedError, 'credentials'],
  [404, 'NoSuchBucket', StorageUnusableError, 'Create the bucket'],
  [301, 'PermanentRedirect', StorageUnusableError, 'region'],
  [400, 'AuthorizationHeaderMalformed', StorageUnusableError, 'region'],
  [403, 'RequestTimeTooSkewed', StorageUnavailableError, "machine's clock"],
  [400, 'ExpiredToken', StorageUnavailableError, 'Renew'],
  [503, 'SlowDown', StorageUnavailableError, 'fewer requests'],
])('%d %s is told as what it is and what to do', async (status, code, type, advice) => {
  await using s3 = await FakeS3.start(() => errorAnswer(status, code));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const error = await keysOf(storage).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toContain(advice);
  const refusal = await storage.check().catch((reason: unknown) => reason);
  expect(refusal).toBeInstanceOf(StorageUnusableError);
  expect((refusal as Error).message).toContain(advice);
});

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

import { expect, test } from 'vitest';
import { s3Storage } from '../../../src/storage/s3/index.js';
import { deleteAnswer, errorAnswer, FakeS3, keysOf } from './fake-s3.js';

const object = (key: string) => ({ key, abandoned: false });
const objects = (...keys: string[]) => keys.map(object);

test('one key that is slowed down is tried again with a pause, alone of all', async () => {
  let slow = 2;
  await using s3 = await FakeS3.start((request) => {
    const keys = keysOf(request);
    if (!keys.includes('b') || slow-- <= 0) return deleteAnswer(keys);
    return deleteAnswer(
      keys.filter((key) => key !== 'b'),
      { b: 'SlowDown' },
    );
  });
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  expect(await storage.delete(objects('a', 'b', 'c'))).toEqual([{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
  expect(s3.requests.map(keysOf)).toEqual([['a', 'b', 'c'], ['b'], ['b']]);
});

test('a server that slows down for ever is given up on for now, after four rounds', async () => {
  await using s3 = await FakeS3.start(() => errorAnswer(503, 'SlowDown'));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const [outcome] = await storage.delete(objects('a'));
  expect(outcome?.error).toMatchObject({ permanent: false, message: expect.stringContaining('SlowDown') });
  expect(s3.requests).toHaveLength(4);
});

test('a key that is denied fails for good, the others go', async () => {
  await using s3 = await FakeS3.start((request) =>
    deleteAnswer(
      keysOf(request).filter((key) => key !== 'b'),
      { b: 'AccessDenied' },
    ),
  );
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const [a, b, c] = await storage.delete(objects('a', 'b', 'c'));
  expect([a?.error, c?.error]).toEqual([undefined, undefined]);
  expect(b?.error).toMatchObject({ permanent: true, message: expect.stringContaining('Allow the identity') });
  expect(s3.requests).toHaveLength(1);
});

test('a key that the answer does not mention counts as deleted only when its own call confirmed it', async () => {
  await using s3 = await FakeS3.start((request) => {
    if (request.method === 'POST') return deleteAnswer(keysOf(request).filter((key) => key === 'a'));
    return request.key === 'b' ? { status: 204 } : errorAnswer(403, 'AccessDenied');
  });
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const [a, b, c] = await storage.delete(objects('a', 'b', 'c'));
  expect([a?.error, b?.error]).toEqual([undefined, undefined]);
  expect(c?.error?.permanent).toBe(true);
});

test('2,500 keys go in batches of at most 1,000', async () => {
  await using s3 = await FakeS3.start((request) => deleteAnswer(keysOf(request)));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket', prefix: 'p' });
  const keys = Array.from({ length: 2500 }, (_, n) => `k${n}`);
  const outcomes = await storage.delete(objects(...keys));
  expect(outcomes).toEqual(keys.map((key) => ({ key })));
  expect(s3.requests.map((request) => keysOf(request).length)).toEqual([1000, 1000, 500]);
});

test('a server that knows no bulk delete is asked key by key', async () => {
  await using s3 = await FakeS3.start(({ method }) =>
    method === 'POST' ? errorAnswer(501, 'NotImplemented') : { status: 204 },
  );
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  expect(await storage.delete(objects('a', 'b'))).toEqual([{ key: 'a' }, { key: 'b' }]);
});

test('a missing bucket is no success, though nothing is in it', async () => {
  await using s3 = await FakeS3.start(() => errorAnswer(404, 'NoSuchBucket'));
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  for (const abandoned of [false, true]) {
    const [outcome] = await storage.delete([{ key: 'a', abandoned }]);
    expect(outcome?.error?.message).toContain('Create the bucket');
  }
});

test('a delete marker is no deletion: where the versions cannot be deleted, it failed', async () => {
  await using s3 = await FakeS3.start((request) => {
    if (request.query.has('versions')) return errorAnswer(403, 'AccessDenied');
    return {
      body: '<DeleteResult><Deleted><Key>a</Key><DeleteMarker>true</DeleteMarker></Deleted></DeleteResult>',
    };
  });
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const [outcome] = await storage.delete(objects('a'));
  expect(outcome?.error?.permanent).toBe(true);
});

test('a signal that fires between two batches leaves the second alone', async () => {
  const abort = new AbortController();
  await using s3 = await FakeS3.start((request) => {
    abort.abort();
    return deleteAnswer(keysOf(request));
  });
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  const keys = Array.from({ length: 1001 }, (_, n) => `k${n}`);
  const outcomes = await storage.delete(objects(...keys), { signal: abort.signal });
  expect(outcomes.filter(({ error }) => error === undefined)).toHaveLength(1000);
  expect(outcomes.at(-1)?.error).toMatchObject({ permanent: false });
  expect(s3.requests).toHaveLength(1);
});

test.each([
  ['a page', '<html><body>Request blocked by the firewall</body></html>'],
  ['a text', 'default backend - 404'],
  ['nothing', ''],
])('a status with %s in place of a code of S3 deletes nothing and may pass', async (_what, body) => {
  const wants = [
    ...objects('bulk', 'alone\u2028'),
    { key: 'version', versionId: '1', abandoned: false },
    { key: 'upload', abandoned: true },
  ];
  const statuses = [301, 401, 403, 404, 405, 501, 503];
  const outcomes = await Promise.all(
    statuses.map(async (status) => {
      await using s3 = await FakeS3.start(() => ({ status, body }));
      return await s3Storage({ client: s3.client, bucket: 'bucket' }).delete(wants);
    }),
  );
  for (const { error } of outcomes.flat()) {
    expect(error).toMatchObject({
      permanent: false,
      message: expect.stringContaining('has answered in place of the storage'),
    });
  }
});

test('what S3 says is absent is deleted', async () => {
  const codes: Record<string, string> = { key: 'NoSuchKey', version: 'NoSuchVersion' };
  await using s3 = await FakeS3.start(({ method, key }) =>
    method === 'POST' ? errorAnswer(501, 'NotImplemented') : errorAnswer(404, codes[key] ?? ''),
  );
  const storage = s3Storage({ client: s3.client, bucket: 'bucket' });
  expect(await storage.delete(objects('key', 'version'))).toEqual([{ key: 'key' }, { key: 'version' }]);
});

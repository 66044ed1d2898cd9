import { Readable } from 'node:stream';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { s3Storage } from '../../../src/storage/s3/index.js';

test('a write and a deletion end though the server never answers, once their signal has fired', async () => {
  const server = createServer((socket) => socket.on('data', () => undefined).on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    forcePathStyle: true,
  });
  const storage = s3Storage({ client, bucket: 'bucket' });
  const abort = new AbortController();
  const options = { contentType: 'text/plain', signal: abort.signal };
  const calls = [
    storage.write('small', Readable.from([Buffer.from('x')]), options),
    storage.write('large', Readable.from([Buffer.alloc(9_000_000), Buffer.alloc(9_000_000)]), options),
    storage.delete([{ key: 'upload', abandoned: true }], { signal: abort.signal }),
  ];
  const settled = Promise.allSettled(calls);
  const connections = () =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  await expect.poll(connections, { timeout: 10_000 }).toBe(3);
  abort.abort();
  const [small, large, deleted] = await settled;
  expect([small?.status, large?.status]).toEqual(['rejected', 'rejected']);
  expect(deleted).toMatchObject({ value: [{ key: 'upload', error: { permanent: false } }] });
  client.destroy();
  server.close();
}, 30_000);

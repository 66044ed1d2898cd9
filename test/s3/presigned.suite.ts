import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { InvalidKeyError, InvalidOptionError } from 'nestjs-file-registry';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, expect, inject, test } from 'vitest';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const storage = s3Storage({ client, bucket: inject('s3').plain, prefix: `presigned/${randomUUID()}` });
const write = { contentType: 'image/png', maxSizeBytes: 10, expiresInMs: 60_000 };

test('a URL reads the object, under a name and a type of its own', async () => {
  await storage.write('a b+c', Readable.from(['bytes']), { contentType: 'text/plain' });
  const plain = await fetch((await storage.url?.({ key: 'a b+c' }, { expiresInMs: 60_000 })) ?? '');
  expect([plain.status, await plain.text()]).toEqual([200, 'bytes']);
  expect(plain.headers.get('content-type')).toBe('text/plain');

  const options = { expiresInMs: 60_000, filename: 'Ünï "1".txt', contentType: 'text/csv' };
  const named = await fetch((await storage.url?.({ key: 'a b+c' }, options)) ?? '');
  expect(named.headers.get('content-type')).toBe('text/csv');
  expect(named.headers.get('content-disposition')).toBe(
    String.raw`attachment; filename="?n? \"1\".txt"; filename*=UTF-8''%C3%9Cn%C3%AF%20%221%22.txt`,
  );
});

test('a URL that was changed reads nothing', async () => {
  await storage.write('one', Readable.from(['1']), { contentType: 'text/plain' });
  await storage.write('two', Readable.from(['2']), { contentType: 'text/plain' });
  const url = (await storage.url?.({ key: 'one' }, { expiresInMs: 60_000 })) ?? '';
  expect((await fetch(url.replace('/one', '/two'))).status).toBe(403);
});

test('a PUT writes the object with the type that was signed, and no other', async () => {
  const { url, headers, method } =
    (await storage.presignWrite?.('put', { ...write, kind: 'put' })) ?? never();
  const wrong = await fetch(url, { method, headers: { ...headers, 'content-type': 'text/html' }, body: 'x' });
  expect(wrong.status).toBe(403);
  expect(await storage.stat({ key: 'put' })).toBeNull();
  expect((await fetch(url, { method, headers, body: 'bytes' })).status).toBe(200);
  expect(await storage.stat({ key: 'put' })).toMatchObject({ sizeBytes: 5, contentType: 'image/png' });
});

test('a form writes the object up to its size, and only under its key and type', async () => {
  const { url, fields } = (await storage.presignWrite?.('post', { ...write, kind: 'post' })) ?? never();
  const send = (changed: Record<string, string>, content: string) => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value);
    form.append('file', new Blob([content]), 'name.png');
    return fetch(url, { method: 'POST', body: form });
  };
  expect((await send({}, 'eleven bytes')).ok).toBe(false);
  expect((await send({ 'Content-Type': 'text/html' }, 'x')).ok).toBe(false);
  expect((await send({ key: `${fields['key']}x` }, 'x')).ok).toBe(false);
  expect(await storage.stat({ key: 'post' })).toBeNull();
  expect((await send({}, '10 bytes !')).ok).toBe(true);
  expect(await storage.stat({ key: 'post' })).toMatchObject({ sizeBytes: 10, contentType: 'image/png' });
});

test('what cannot be signed is refused', async () => {
  for (const expiresInMs of [0, 999, 8 * 24 * 3_600_000, 1.5, Number.NaN]) {
    await expect(storage.url?.({ key: 'a' }, { expiresInMs })).rejects.toThrow(InvalidOptionError);
    await expect(storage.presignWrite?.('a', { ...write, kind: 'put', expiresInMs })).rejects.toThrow(
      InvalidOptionError,
    );
  }
  await expect(storage.presignWrite?.('a', { ...write, kind: 'post', maxSizeBytes: -1 })).rejects.toThrow(
    InvalidOptionError,
  );
  await expect(storage.presignWrite?.('../a', { ...write, kind: 'put' })).rejects.toThrow(InvalidKeyError);
  await expect(storage.presignWrite?.('a${filename}b', { ...write, kind: 'post' })).rejects.toThrow(
    InvalidKeyError,
  );
});

function never(): never {
  throw new Error('s3Storage has it');
}

import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { ReservedUpload } from 'nestjs-file-registry';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, expect, inject, test } from 'vitest';
import { errorOf } from '../registry/error-of.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const prefix = `direct/${randomUUID()}`;
const storages = {
  plain: s3Storage({ client, bucket: inject('s3').plain, prefix }),
  versioned: s3Storage({ client, bucket: inject('s3').versioned, prefix }),
};
const registry = await createTestRegistry({ storages, defaultStorage: 'plain' });
const { files } = registry;
const png = { filename: 'a b+ü.png', contentType: 'image/png' };

const put = ({ url, method, headers }: ReservedUpload, body: string) => fetch(url, { method, headers, body });

test.for(['plain', 'versioned'] as const)(
  'a client uploads into the %s bucket by itself',
  async (storage) => {
    const upload = await files.reserveUpload({ ...png, storage });
    expect(await errorOf(files.confirmUpload(upload))).toMatchObject({ code: 'UPLOAD_INCOMPLETE' });
    expect((await put(upload, 'bytes')).ok).toBe(true);
    const file = await files.confirmUpload(upload);
    expect(file).toMatchObject({ id: upload.id, size: 5, contentType: 'image/png' });

    const url = await files.url(file, { download: true });
    // A server that knows If-None-Match refuses it.
    const again = await put(upload, 'other');
    const content = storage === 'plain' && again.ok ? 'other' : 'bytes';
    expect(await text(await files.read(file))).toBe(content);
    const answer = await fetch(url);
    expect(await answer.text()).toBe(content);
    expect(answer.headers.get('content-disposition')).toContain('attachment');
  },
);

test('a form that is sent before and after it is confirmed leaves no version behind', async () => {
  const form = await files.reserveUpload({ ...png, storage: 'versioned', kind: 'post' });
  const send = async (content: string) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
    body.append('file', new Blob([content]), 'a.png');
    expect((await fetch(form.url, { method: form.method, body })).ok).toBe(true);
  };
  await send('first');
  await send('second');
  const file = await files.confirmUpload(form);
  await send('third');
  expect(await text(await files.read(file))).toBe('second');

  await registry.db.transaction().execute((trx) => files.in(trx).erase(file));
  await registry.processor.drain();
  const { Versions = [], DeleteMarkers = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket: inject('s3').versioned, Prefix: `${prefix}/${file.key}` }),
  );
  expect([...Versions, ...DeleteMarkers]).toEqual([]);
});

test('a form uploads, too, and a PUT that is too large is refused and goes', async () => {
  const form = await files.reserveUpload({ ...png, maxSizeBytes: 5, kind: 'post' });
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('file', new Blob(['bytes']), 'a.png');
  expect((await fetch(form.url, { method: form.method, body })).ok).toBe(true);
  expect(await files.confirmUpload(form)).toMatchObject({ size: 5 });

  const large = await files.reserveUpload({ ...png, maxSizeBytes: 4 });
  await put(large, 'bytes');
  expect(await errorOf(files.confirmUpload(large))).toMatchObject({ code: 'CONTENT_TOO_LARGE' });
  await registry.processor.drain();
  const { key } = (await registry.deletion(large))!;
  expect(await storages.plain.stat({ key })).toBeNull();
});

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, test, vi } from 'vitest';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { s3Storage } from '../../../src/storage/s3/index.js';

const sources = new URL('../../../src/', import.meta.url);

test.each(['index.ts', 'testing/index.ts'])('%s needs no SDK, nor anything that does', async (entry) => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const queue = [new URL(entry, sources)];
  for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
    if (seen.has(url.href)) continue;
    seen.add(url.href);
    const source = await readFile(fileURLToPath(url), 'utf8');
    for (const [, name = ''] of source.matchAll(/(?:from|import\(|import) ?'([^']+)'/g)) {
      if (name.startsWith('.')) queue.push(new URL(name.replace(/\.js$/, '.ts'), url));
      else packages.add(name);
    }
  }
  expect(seen.size).toBeGreaterThan(5);
  expect([...packages].filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
});

test('a presigner that is not installed is asked for by its name, and only when it is needed', async () => {
  vi.doMock('@aws-sdk/s3-request-presigner', () => {
    throw new Error('Cannot find package');
  });
  vi.doMock('@aws-sdk/s3-presigned-post', () => {
    throw new Error('Cannot find package');
  });
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const storage = s3Storage({ client, bucket: 'bucket' });
  const write = { contentType: 'text/plain', maxSizeBytes: 1, expiresInMs: 1000 };
  const url = storage.url?.({ key: 'a' }, { expiresInMs: 1000 });
  await expect(url).rejects.toThrow('npm install @aws-sdk/s3-request-presigner');
  await expect(storage.presignWrite?.('a', { ...write, kind: 'post' })).rejects.toThrow(
    'npm install @aws-sdk/s3-presigned-post',
  );
  await expect(storage.presignWrite?.('a', { ...write, kind: 'put' })).rejects.toThrow(StorageUnusableError);
});

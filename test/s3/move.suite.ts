import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { localStorage } from 'nestjs-file-registry';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, expect, inject, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const folder = await createTemporaryFolder('moves');
const prefix = `moves/${randomUUID()}`;
const storages = {
  local: localStorage({ root: folder.path }),
  plain: s3Storage({ client, bucket: inject('s3').plain, prefix }),
  versioned: s3Storage({ client, bucket: inject('s3').versioned, prefix }),
};
const { files, processor } = await createTestRegistry({ storages, defaultStorage: 'local' });

test('a file moves from the disk into buckets and back, and nothing is left where it was', async () => {
  const bytes = randomBytes(9_000_000); // more than one part
  let file = await files.store(bytes, { filename: 'a b+ü.bin' });
  for (const name of ['plain', 'versioned', 'plain', 'local'] as const) {
    const { storage, key, versionId } = file;
    file = await files.move(file, name);
    await processor.drain();
    expect(file.storage).toBe(name);
    expect((await buffer(await files.read(file))).equals(bytes)).toBe(true);
    const left = { key, versionId: versionId ?? undefined };
    expect(await storages[storage as keyof typeof storages].stat(left)).toBeNull();
  }
});

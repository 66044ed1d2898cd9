import type { Readable } from 'node:stream';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const media = memoryStorage();
const { files } = await createTestRegistry({ storages: { media } });

// Clients of object storages read the length of a body off such fields, and refuse what turns out longer.
test('a storage is handed a stream that pretends to no length', async () => {
  let handed: Readable | undefined;
  vi.spyOn(media, 'write').mockImplementationOnce(async (_key, content) => {
    handed = content;
    await content.resume().toArray();
    return {};
  });
  await files.store(Buffer.from('bytes'));
  for (const name of ['size', 'length', 'byteLength', 'start', 'path']) {
    expect(handed, name).not.toHaveProperty(name);
  }
});

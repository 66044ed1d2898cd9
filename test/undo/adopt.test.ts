import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor } = registry;

async function place(key: string, content: string): Promise<void> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

test('an adopted object is a file with size and checksum, where it lies', async () => {
  await place('old/photos/cat.png', 'meow');
  const file = await files.adopt('old/photos/cat.png');

  expect(file).toMatchObject({
    key: 'old/photos/cat.png',
    filename: 'cat.png',
    contentType: 'image/png',
    size: 4,
    checksum: createHash('sha256').update('meow').digest('hex'),
  });
  await registry.attach(file, '1');
  await registry.passTime('25 hours');
  await processor.drain();
  expect(await readFile(join(registry.media.path, file.key), 'utf8')).toBe('meow');
});

test('an adopted object that nobody attaches goes, and its key stays busy until the receipt is pruned', async () => {
  await place('old/once.txt', 'x');
  const file = await files.adopt('old/once.txt');
  await expect(files.adopt('old/once.txt')).rejects.toMatchObject({ code: 'KEY_BUSY' });

  await registry.passTime('25 hours');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);

  await place('old/once.txt', 'again');
  await expect(files.adopt('old/once.txt')).rejects.toMatchObject({ code: 'KEY_BUSY' });
  await registry.passTime('31 days');
  await processor.drain();
  await expect(files.adopt('old/once.txt')).resolves.toMatchObject({ size: 5 });
});

test('what is missing, lies outside, or is a stored file cannot be adopted', async () => {
  const stored = await registry.store();
  await expect(files.adopt('old/nothing.txt')).rejects.toMatchObject({ code: 'BYTES_MISSING' });
  await expect(files.adopt('../etc/passwd')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  await expect(files.adopt('/etc/passwd')).rejects.toMatchObject({ code: 'INVALID_KEY' });
  await expect(files.adopt(stored.key)).rejects.toMatchObject({ code: 'KEY_BUSY' });
  await expect(files.adopt('old/nothing.txt', { storage: 'nowhere' })).rejects.toMatchObject({
    code: 'UNKNOWN_STORAGE',
  });
});

test('the key of a file whose deletion is pending cannot be adopted', async () => {
  const stored = await registry.store();
  await registry.pool.query('delete from file_registry.files where id = $1', [stored.id]);
  await expect(files.adopt(stored.key)).rejects.toMatchObject({ code: 'KEY_BUSY' });
  await processor.drain();
});

test('the temporary file of an upload is not adopted, whatever a backslash means to the session', async () => {
  const session = await registry.database.begun();
  await session.query('set local standard_conforming_strings = off');
  for (const [end, adopted] of [
    ['.part', false],
    ['-depart', true],
  ] as const) {
    const { rows } = await session.query(
      "select file_registry.adopt($1, 'media', $2, null, null, 'x/y', 1, null, '{}') is not null as adopted",
      [randomUUID(), `${randomUUID()}${end}`],
    );
    expect(rows).toEqual([{ adopted }]);
  }
  await session.query('rollback');
});

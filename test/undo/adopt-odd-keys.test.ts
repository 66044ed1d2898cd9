import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { untilBlocked } from '../scenarios/support/until-blocked.js';

const registry = await createTestRegistry();
const { files, processor, pool, database } = registry;

async function place(key: string, content = 'x'): Promise<void> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const adopting = `select file_registry.adopt($1, 'media', $2, null, null, 'text/plain', 1, null, '{}') as file`;

test('the temporary file of an upload cannot be adopted, because it goes with the upload', async () => {
  const id = randomUUID();
  const key = `2026/01/01/00/${id}-photo.jpg`;
  await pool.query(`select file_registry.reserve($1, 'media', $2, null, 0)`, [id, key]);
  await place(`${key}.part`);
  await expect(files.adopt(`${key}.part`)).rejects.toMatchObject({
    code: 'INVALID_KEY',
    message: expect.stringContaining('copy them under another name'),
  });
  expect((await pool.query(adopting, [randomUUID(), `${key}.part`])).rows).toEqual([{ file: null }]);
  await processor.drain();
  await registry.assertLaws();
});

test("a name of one's own that ends in .part is as good as any", async () => {
  await place('old/film.part');
  const file = await files.adopt('old/film.part');
  await registry.attach(file, 'part');
  await place('old/film');
  await files.adopt('old/film');
  await registry.passTime('25 hours');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test("a key with another file's id in it is an adopted one, and neither drags the other down", async () => {
  const [kept, gone] = [await registry.store(), await registry.store()];
  await registry.attach(kept, '1');
  await place(`copies/${kept.id}.jpg`);
  await place(`copies/${gone.id}.jpg`);
  const [unattached, attached] = [
    await files.adopt(`copies/${kept.id}.jpg`),
    await files.adopt(`copies/${gone.id}.jpg`),
  ];
  await registry.attach(attached, '2');
  await registry.passTime('25 hours');
  await processor.drain();
  const there = await Promise.all([kept, gone, unattached, attached].map((file) => registry.hasBytes(file)));
  expect(there).toEqual([true, false, false, true]);
  await registry.assertLaws();
});

test('of two adoptions at once one wins, and the other learns that the key is busy', async () => {
  await place('old/twice.txt');
  const outcomes = await Promise.allSettled([files.adopt('old/twice.txt'), files.adopt('old/twice.txt')]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'KEY_BUSY' },
  });
  await registry.assertLaws();
});

test('an adoption that meets the pruning of the key waits for it, and wins when it commits', async () => {
  await place('old/pruned.txt');
  const file = await files.adopt('old/pruned.txt');
  await registry.passTime('25 hours');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.passTime('25 hours');
  await place('old/pruned.txt');

  for (const end of ['rollback', 'commit']) {
    const [pruning, adopter] = [await database.client(), await database.client()];
    await pruning.query('begin');
    await pruning.query('select file_registry.prune_receipts(0, 100)');
    const adopted = adopter.query(adopting, [randomUUID(), 'old/pruned.txt']);
    await untilBlocked(adopter, pool);
    await pruning.query(end);
    expect((await adopted).rows[0].file === null).toBe(end === 'rollback');
  }
  await registry.assertLaws();
});

test('an empty object can be adopted, one of another storage or behind a fired signal cannot', async () => {
  await place('old/empty.txt', '');
  await expect(files.adopt('old/empty.txt', { storage: 'archive' })).rejects.toMatchObject({
    code: 'UNKNOWN_STORAGE',
  });
  await expect(files.adopt('old/empty.txt', { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'UPLOAD_ABORTED',
  });
  await expect(files.adopt('old/empty.txt', { filename: undefined })).resolves.toMatchObject({
    size: 0,
    filename: 'empty.txt',
  });
});

test.for(['', 'v\0', 'v'.repeat(1025), 7])(
  'the version id %j is refused before anything is read',
  async (version) => {
    await expect(files.adopt('old/nothing.txt', { versionId: version as string })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  },
);

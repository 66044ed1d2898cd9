import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { FileSystemClock } from '../../../src/storage/local/file-system-clock.js';
import { listFolder } from '../../../src/storage/local/list-folder.js';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import type { ListedObject, StorageObstacle } from '../../../src/storage/storage.js';
import { TemporaryFolder } from '../../support/temporary-folder.js';

async function folderWith(...keys: string[]): Promise<TemporaryFolder> {
  const folder = await TemporaryFolder.create('list');
  for (const key of keys) {
    await mkdir(dirname(join(folder.path, key)), { recursive: true });
    await writeFile(join(folder.path, key), key);
  }
  return folder;
}

async function all(listing: AsyncIterable<ListedObject>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listing) keys.push(key);
  return keys;
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

test('a folder stands where its name with a slash sorts', async () => {
  await using folder = await folderWith('a0', 'a/b', 'a-b', 'a/b-c/d', 'a.', 'é', '\uff5e', '😀');
  const keys = await all(localStorage({ root: folder.path }).list());
  expect(keys).toEqual(['a-b', 'a.', 'a/b', 'a/b-c/d', 'a0', 'é', '\uff5e', '😀']);
});

test('a folder that does not fit into memory is read again, and each entry is given once and in order', async () => {
  const keys = Array.from({ length: 300 }, (_, n) => (n % 3 === 0 ? `f${n * 7}/x` : `f${n * 7}-${n}`));
  await using folder = await folderWith(...keys);
  const given = await all(listFolder(folder.path, new FileSystemClock(), { heldMax: 10 }));
  expect(given).toEqual(keys.toSorted(byBytes));
  const after = given[150] ?? '';
  expect(await all(listFolder(folder.path, new FileSystemClock(), { heldMax: 10, after }))).toEqual(
    given.slice(151),
  );
});

test('it can be taken up behind each of its keys, and behind keys that are gone', async () => {
  await using folder = await folderWith('a-b', 'a/b/c', 'a/b0', 'a/c/d', 'a0', 'b');
  const storage = localStorage({ root: folder.path });
  const keys = await all(storage.list());
  for (const after of [...keys, 'a', 'a/', 'a/b', 'a/b/', 'a/b/c0', 'a/z', 'a.', 'zz']) {
    const expected = keys.filter((key) => byBytes(key, after) > 0);
    expect(await all(storage.list({ after })), after).toEqual(expected);
  }
});

test('sizes and ages are those of the files, by the clock of the file system, whatever time a copy kept', async () => {
  await using folder = await folderWith('photo');
  await utimes(join(folder.path, 'photo'), 1, 1);
  const storage = localStorage({ root: folder.path });
  const [photo] = await collected(storage.list());
  expect(photo).toMatchObject({ key: 'photo', sizeBytes: 5 });
  expect(photo?.ageMs).toBeLessThan(600_000);
  expect(await storage.stat({ key: 'photo' })).toMatchObject({ sizeBytes: 5 });
  expect(await folder.entries(), 'asking for the time leaves nothing').toEqual(['photo']);
});

test('links are never followed, not even those in a circle, and are told of', async () => {
  await using folder = await folderWith('a/photo', 'z');
  await using outside = await folderWith('secret');
  await symlink('..', join(folder.path, 'a/circle'));
  await symlink(outside.path, join(folder.path, 'out'));
  await symlink('nowhere', join(folder.path, 'dangling'));
  await symlink('z', join(folder.path, 'y'));
  const { keys, obstacles } = await listed(folder.path);
  expect(keys).toEqual(['a/photo', 'z']);
  expect(obstacles.map(({ path }) => path)).toEqual(['a/circle', 'dangling', 'out', 'y']);
  expect(obstacles[0]?.problem).toContain('symbolic link');
});

test.skipIf(process.platform !== 'linux')(
  'names that are no UTF-8, pipes and keys that the registry cannot hold are told of and passed over',
  async () => {
    await using folder = await folderWith('before', 'zebra');
    const raw = (name: string) =>
      Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from(name, 'latin1')]);
    await writeFile(raw('caf\xe9.jpg'), 'x');
    await mkdir(raw('d\xff'));
    await writeFile(raw('d\xff/inside'), 'x');
    await writeFile(raw('line\nbreak'), 'x');
    await writeFile(raw('back\\slash'), 'x');
    execFileSync('mkfifo', [join(folder.path, 'pipe')]);
    const { keys, obstacles } = await listed(folder.path);
    expect(keys).toEqual(['before', 'zebra']);
    expect(obstacles).toEqual([
      { path: 'back\\slash', problem: expect.stringContaining('backslash') },
      {
        path: 'caf\ufffd.jpg',
        problem: expect.stringMatching(/no UTF-8 \(in hexadecimal 636166e92e6a7067\)/),
      },
      { path: 'd\ufffd/', problem: expect.stringContaining('no UTF-8') },
      { path: 'line\nbreak', problem: expect.stringContaining('control character') },
      { path: 'pipe', problem: expect.stringContaining('no regular file') },
    ]);
  },
);

test('a folder that may not be read is told of, and the rest is listed', async () => {
  await using folder = await folderWith('a', 'closed/x', 'z');
  await chmod(folder.path, 0o755);
  await chmod(join(folder.path, 'closed'), 0);
  // Nothing is forbidden to root.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  const { keys, obstacles } = await listed(folder.path).finally(() => isRoot && process.seteuid?.(0));
  await chmod(join(folder.path, 'closed'), 0o700);
  expect(keys).toEqual(['a', 'z']);
  expect(obstacles).toEqual([{ path: 'closed/', problem: expect.stringContaining('EACCES') }]);
});

test('what vanishes meanwhile is passed over; a root that vanishes is no end', async () => {
  await using folder = await folderWith('a', 'b/1', 'b/2', 'c/1', 'd');
  const storage = localStorage({ root: folder.path });
  const listing = storage.list()[Symbol.asyncIterator]();
  expect((await listing.next()).value).toMatchObject({ key: 'a' });
  await rm(join(folder.path, 'b'), { recursive: true });
  await rm(join(folder.path, 'd'));
  expect((await listing.next()).value).toMatchObject({ key: 'c/1' });
  expect(await listing.next()).toMatchObject({ done: true });

  const gone = storage.list()[Symbol.asyncIterator]();
  await gone.next();
  await rm(folder.path, { recursive: true });
  await expect(collected({ [Symbol.asyncIterator]: () => gone })).rejects.toThrow(StorageUnavailableError);
});

test('a root that is not there is no empty listing', async () => {
  await using folder = await folderWith();
  const storage = localStorage({ root: join(folder.path, 'absent') });
  await expect(all(storage.list())).rejects.toThrow(StorageUnavailableError);
});

test('the temporary files of uploads and checks are hidden, and names of others are not', async () => {
  const id = '0198c0de-0000-7000-8000-000000000000';
  await using folder = await folderWith(
    `x/${id}-a.jpg.part`,
    `${id}.part`,
    '.file-registry-check-1',
    'film.part',
  );
  const { keys, obstacles } = await listed(folder.path);
  expect([keys, obstacles]).toEqual([['film.part'], []]);
});

async function listed(root: string): Promise<{ keys: string[]; obstacles: StorageObstacle[] }> {
  const obstacles: StorageObstacle[] = [];
  const keys = await all(localStorage({ root }).list({ onObstacle: (obstacle) => obstacles.push(obstacle) }));
  return { keys, obstacles };
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

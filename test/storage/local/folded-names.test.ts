import type { lstat, open, readdir, realpath } from 'node:fs/promises';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import { createTestRegistry } from '../../support/create-test-registry.js';
import { temporaryFolder } from './temporary-folder.js';

type Files = { lstat: typeof lstat; open: typeof open; readdir: typeof readdir; realpath: typeof realpath };

const disk = vi.hoisted(() => ({
  fold: (path: string) => path,
  looks: [] as string[],
  lists: [] as string[],
}));

// Few kernels can mount a file system that ignores case or accents' form; `realpath` answers as Linux does there: as it was asked.
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<Files>();
  const folded: Files = {
    lstat: ((path: string, options) => {
      disk.looks.push(path);
      return actual.lstat(disk.fold(path), options);
    }) as typeof lstat,
    open: (path, ...rest) => actual.open(disk.fold(String(path)), ...rest),
    readdir: ((path: string, options?: object) => {
      disk.lists.push(path);
      return actual.readdir(disk.fold(path), options as undefined);
    }) as typeof readdir,
    realpath: (async (path: string) => {
      await actual.realpath(disk.fold(path));
      return path;
    }) as typeof realpath,
  };
  return { ...actual, ...folded };
});

/** Has the disk find what lies at `path` by each of its other spellings too. */
function finds(path: string, same: (name: string) => string): void {
  const [lying, wanted] = [path.split('/'), path.split('/').map(same)];
  disk.fold = (asked) => {
    const names = asked.split('/');
    return names.map((name, n) => (same(name) === wanted[n] ? (lying[n] ?? name) : name)).join('/');
  };
}

const [ignoringCase, ignoringForm] = [
  (name: string) => name.toLowerCase(),
  (name: string) => name.normalize('NFC'),
];

const registry = await createTestRegistry();
let root: string;

beforeEach(async () => {
  root = await temporaryFolder();
  disk.fold = (path) => path;
  disk.looks.length = disk.lists.length = 0;
});

async function lies(under: string, key: string): Promise<void> {
  await mkdir(join(under, key, '..'), { recursive: true });
  await writeFile(join(under, key), 'the only copy');
}

it.each([
  [
    'case',
    ignoringCase,
    'Uploads/photo.jpg',
    ['Uploads/Photo.jpg', 'Uploads/photo.JPG', 'uploads/photo.jpg'],
  ],
  ['case', ignoringCase, '2026/ОТЧЁТ', ['2026/отчёт']],
  ['case', ignoringCase, 'A/1', ['a/1']],
  ["accents' form", ignoringForm, 'Caf\u00e9/1.jpg', ['Cafe\u0301/1.jpg']],
])('finds an object only by its own name where the disk ignores %s', async (_, same, key, others) => {
  await lies(root, key);
  finds(join(root, key), same);
  const storage = localStorage({ root });
  for (const other of others) expect(await storage.stat({ key: other }), other).toBeNull();
  expect(await storage.stat({ key })).toMatchObject({ sizeBytes: 13 });
});

it('reads a folder once for many objects, and again for what came since', async () => {
  const keys = Array.from({ length: 50 }, (_, n) => `Photo-${n}.jpg`);
  await Promise.all(keys.map((key) => lies(root, key)));
  disk.fold = (path) => path.replace('/pHOTO', '/Photo').replace('/photo', '/Photo');
  const storage = localStorage({ root });
  for (const key of keys) expect(await storage.stat({ key })).not.toBeNull();
  expect(disk.lists).toEqual([root]);
  await lies(root, 'Photo-50.jpg');
  expect(await storage.stat({ key: 'Photo-50.jpg' })).not.toBeNull();
  expect(disk.lists).toEqual([root, root]);
});

it('lists no folder where the disk tells names apart', async () => {
  await lies(root, 'uploads/photo.jpg');
  await localStorage({ root }).stat({ key: 'uploads/photo.jpg' });
  expect(disk.looks.filter((path) => path.startsWith(`${root}/`))).toHaveLength(2);
  expect(disk.lists).toEqual([]);
});

it('makes one file of one object, however its key is spelled', async () => {
  const key = 'uploads/photo.jpg';
  await lies(registry.media.path, key);
  finds(join(registry.media.path, key), ignoringCase);
  await expect(registry.files.adopt('uploads/Photo.JPG')).rejects.toMatchObject({ code: 'BYTES_MISSING' });
  const file = await registry.files.adopt(key);
  await registry.attach(file, '1');
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);
});

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import type { FileStorage, StorageDeleteOutcome } from '../../../src/storage/storage.js';
import { plain, put } from './content.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

let root: string;
let storage: FileStorage;

beforeEach(async () => {
  root = await temporaryFolder();
  storage = localStorage({ root });
});

function remove(...keys: string[]): Promise<StorageDeleteOutcome[]> {
  return storage.delete(keys.map((key) => ({ key, abandoned: false })));
}

describe('delete', () => {
  it('removes many files and every folder that became empty, never the root', async () => {
    const keys = Array.from({ length: 300 }, (_, n) => `2026/01/${n % 5}/${n % 11}/${n}`);
    await put(storage, ...keys);
    const outcomes = await remove(...keys);
    expect(outcomes.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(outcomes.every(({ error }) => error === undefined)).toBe(true);
    expect(await tree(root)).toEqual([]);
    await storage.check();
  });

  it('keeps other files and their folders', async () => {
    await put(storage, 'a/b/1', 'a/b/2', 'a/c/3', 'top');
    await mkdir(join(root, 'unrelated'));
    await remove('a/b/1', 'a/c/3');
    expect(await tree(root)).toEqual(['a/', 'a/b/', 'a/b/2', 'top', 'unrelated/']);
  });

  it('takes an absent file, and an absent folder, for deleted', async () => {
    await put(storage, 'file');
    expect(await remove('gone', 'a/b/gone', 'file/below', 'file/far/below')).toEqual(
      expect.arrayContaining([
        { key: 'gone' },
        { key: 'a/b/gone' },
        { key: 'file/below' },
        { key: 'file/far/below' },
      ]),
    );
    expect(await tree(root)).toEqual(['file']);
  });

  it('answers for no objects, and twice for a key that is named twice', async () => {
    expect(await remove()).toEqual([]);
    await put(storage, 'a');
    expect(await remove('a', 'a')).toEqual([{ key: 'a' }, { key: 'a' }]);
  });

  it('prunes what an earlier, broken-off deletion left empty', async () => {
    await mkdir(join(root, 'a/b/c'), { recursive: true });
    await remove('a/b/c/d/gone');
    expect(await tree(root)).toEqual([]);
  });

  it('fails permanently for a bad key, a folder and a symbolic link on the way, and for these only', async () => {
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'kept'), 'x');
    await symlink(outside, join(root, 'out'));
    await symlink('nowhere', join(root, 'dangling'));
    await put(storage, 'good', 'folder/file');
    const bad = ['', '..', '../x', '/etc/passwd', 'a\0b', 'a\\b', 'folder', 'out/kept', 'dangling/a'];
    const outcomes = await remove('good', ...bad);
    expect(outcomes).toHaveLength(bad.length + 1);
    expect(outcomes.find(({ key }) => key === 'good')).toEqual({ key: 'good' });
    for (const key of bad) {
      expect(outcomes.find((outcome) => outcome.key === key)?.error, key).toMatchObject({ permanent: true });
    }
    expect(await tree(outside)).toEqual(['kept']);
    expect(await tree(root)).toEqual(['dangling', 'folder/', 'folder/file', 'out']);
  });

  it('removes a symbolic link that lies at the key, not what it points at', async () => {
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'kept'), 'x');
    await symlink(join(outside, 'kept'), join(root, 'link'));
    expect(await remove('link')).toEqual([{ key: 'link' }]);
    expect(await tree(outside)).toEqual(['kept']);
    expect(await tree(root)).toEqual([]);
  });

  it('removes the temporary file of an abandoned upload, and of no other', async () => {
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a/x.part'), 'half');
    await writeFile(join(root, 'a/y.part'), 'half');
    await remove('a/x');
    expect(await tree(root)).toEqual(['a/', 'a/x.part', 'a/y.part']);
    expect(await storage.delete([{ key: 'a/x', abandoned: true }])).toEqual([{ key: 'a/x' }]);
    expect(await tree(root)).toEqual(['a/', 'a/y.part']);
  });

  it('deletes an abandoned key whose temporary name no file system could hold', async () => {
    const key = 'x'.repeat(255);
    await writeFile(join(root, key), '');
    expect(await storage.delete([{ key, abandoned: true }])).toEqual([{ key }]);
    expect(await tree(root)).toEqual([]);
  });

  it('takes an abandoned key whose path the system cannot hold for deleted, and no other', async () => {
    const pathMax = process.platform === 'linux' ? 4096 : 1024;
    const levels = Math.floor((pathMax - 50 - root.length) / 100);
    const deep = join(root, ...Array.from({ length: levels }, () => 'd'.repeat(99)));
    await mkdir(join(deep, 'a'), { recursive: true });
    const keys = ['x'.repeat(200), `a/${'x'.repeat(200)}/b`];
    const removeDeep = (abandoned: boolean) =>
      localStorage({ root: deep }).delete(keys.map((key) => ({ key, abandoned })));
    expect((await removeDeep(false)).map(({ error }) => error?.permanent)).toEqual([true, true]);
    expect((await removeDeep(true)).map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(await tree(deep)).toEqual([]);
  });

  it('starts nothing once its signal has fired, and says so', async () => {
    await put(storage, 'a', 'b');
    const objects = ['a', 'b'].map((key) => ({ key, abandoned: false }));
    const outcomes = await storage.delete(objects, { signal: AbortSignal.abort() });
    expect(outcomes.map(({ error }) => error?.permanent)).toEqual([false, false]);
    expect(await tree(root)).toEqual(['a', 'b']);
  });

  it('answers for every key when the signal fires half-way', async () => {
    const keys = Array.from({ length: 50 }, (_, n) => `a/${n}`);
    await put(storage, ...keys);
    const abort = new AbortController();
    const objects = keys.map((key, n) => ({
      get key() {
        if (n === 20) abort.abort();
        return key;
      },
      abandoned: false,
    }));
    const outcomes = await localStorage({ root, deleteConcurrency: 1 }).delete(objects, {
      signal: abort.signal,
    });
    const kept = outcomes.filter(({ error }) => error !== undefined).map(({ key }) => key);
    expect(outcomes).toHaveLength(50);
    expect(kept.length).toBeGreaterThan(0);
    expect(await tree(root)).toEqual(['a/', ...kept].sort());
  });
});

function failing(): Readable {
  return new Readable({
    read: (): never => {
      throw new Error('broken');
    },
  });
}

describe('a deletion beside writes into the same folders', () => {
  it('loses no file and leaves no empty folder', { timeout: 60_000 }, async () => {
    const [one, other] = [localStorage({ root }), localStorage({ root, deleteConcurrency: 4 })];
    await put(one, '2026/01/0');
    for (let round = 0; round < 400; round++) {
      const [old, fresh] = [`2026/01/${round}`, `2026/01/${round + 1}`];
      const [outcomes] = await Promise.all([other.delete([{ key: old, abandoned: true }]), put(one, fresh)]);
      expect(outcomes).toEqual([{ key: old }]);
      expect(await tree(root)).toEqual(['2026/', '2026/01/', fresh]);
    }
  });

  it('holds with failing writes, absent keys and several at a time', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 100; round++) {
      const keys = Array.from({ length: 8 }, (_, n) => `a/b/${round}-${n}`);
      await Promise.all([
        put(storage, ...keys),
        remove(`a/b/absent-${round}`),
        expect(storage.write(`a/c/${round}`, failing(), plain)).rejects.toThrow('broken'),
        remove(`a/b/absent-${round}`, 'a/c/absent'),
      ]);
      expect(await tree(root)).toEqual(['a/', 'a/b/', ...keys.sort()]);
      await Promise.all(keys.map((key) => remove(key)));
      expect(await tree(root)).toEqual([]);
    }
  });
});

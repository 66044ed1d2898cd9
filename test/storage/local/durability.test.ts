import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import { syncFolder } from '../../../src/storage/local/sync-folder.js';
import type { FileStorage } from '../../../src/storage/storage.js';
import { put } from './content.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

// No file system fails its fsync on demand, so the one call that asks for it is watched and made to fail here.
vi.mock('../../../src/storage/local/sync-folder.js', async (original) => {
  const actual = await original<{ syncFolder: typeof syncFolder }>();
  return { syncFolder: vi.fn(actual.syncFolder) };
});

const sync = vi.mocked(syncFolder);
let root: string;
let storage: FileStorage;

beforeEach(async () => {
  root = await temporaryFolder();
  storage = localStorage({ root });
  sync.mockReset();
});

function synced(): string[] {
  return sync.mock.calls.map(([folder]) => (folder === root ? '/' : folder.slice(root.length)));
}

function failOnce(): void {
  sync.mockRejectedValueOnce(
    Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' }),
  );
}

describe('a write', () => {
  it('syncs the folder of the file and every folder above it, made by this process or not', async () => {
    await mkdir(join(root, 'a/b'), { recursive: true });
    await put(storage, 'a/b/c/file');
    expect(synced()).toEqual(['/a/b/c', '/a/b', '/a', '/']);
  });

  it('syncs the folders above only once, until somebody makes the folder anew', async () => {
    await put(storage, 'a/1');
    sync.mockClear();
    await put(storage, 'a/2');
    expect(synced()).toEqual(['/a']);
    await localStorage({ root }).delete(['a/1', 'a/2'].map((key) => ({ key, abandoned: false })));
    sync.mockClear();
    await put(storage, 'a/3');
    expect(synced()).toEqual(['/a', '/']);
  });

  it('fails, and takes the file back, where its name could not be made durable', async () => {
    failOnce();
    await expect(put(storage, 'a/b')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true });
    expect(await tree(root)).toEqual([]);
  });

  it('fails as well where only a folder above could not', async () => {
    sync.mockResolvedValueOnce();
    failOnce();
    await expect(put(storage, 'a/b')).rejects.toMatchObject({ retryable: true });
    expect(await tree(root)).toEqual([]);
    await put(storage, 'a/b');
    expect(synced().slice(2)).toEqual(['/a', '/']);
  });
});

describe('a deletion', () => {
  it('syncs each folder once, after its last file went and before the folder goes', async () => {
    const keys = ['a/1', 'a/2', 'a/3', 'b/4', 'top'];
    await put(storage, ...keys);
    sync.mockClear();
    const left: boolean[] = [];
    sync.mockImplementation(async (folder) => {
      left.push((await stat(folder)).isDirectory());
    });
    await storage.delete(keys.map((key) => ({ key, abandoned: false })));
    expect(synced().sort()).toEqual(['/', '/a', '/b']);
    expect(left).toEqual([true, true, true]);
    expect(await tree(root)).toEqual([]);
  });

  it('may be tried again where its folder could not be synced, without a word on other folders', async () => {
    await put(storage, 'a/1', 'a/2', 'b/3');
    sync.mockImplementation(async (folder) => {
      if (folder === join(root, 'a')) throw new Error('EIO: i/o error, fsync');
    });
    const objects = ['a/1', 'a/2', 'b/3'].map((key) => ({ key, abandoned: false }));
    const outcomes = await storage.delete(objects);
    expect(outcomes.find(({ key }) => key === 'b/3')?.error).toBeUndefined();
    for (const key of ['a/1', 'a/2']) {
      const { error } = outcomes.find((outcome) => outcome.key === key) ?? {};
      expect(error).toEqual({ message: expect.stringContaining('EIO') as string, permanent: false });
    }
    sync.mockImplementation(async () => undefined);
    expect((await storage.delete(objects)).every(({ error }) => error === undefined)).toBe(true);
  });

  it('syncs for an absent file too, whose folder may be gone: an earlier try may have died in between', async () => {
    sync.mockImplementation(async (folder) => {
      await stat(folder);
    });
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a/other'), '');
    await storage.delete([
      { key: 'a/gone', abandoned: false },
      { key: 'a/b/c/gone', abandoned: false },
    ]);
    expect(synced().sort()).toEqual(['/a', '/a', '/a/b', '/a/b/c']);
  });
});

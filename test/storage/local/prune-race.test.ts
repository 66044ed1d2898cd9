import { rmdir } from 'node:fs/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import { makeFolders } from '../../../src/storage/local/make-folders.js';
import type { FileStorage } from '../../../src/storage/storage.js';
import { contentOf, plain, put, readText } from './content.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

// The moment between making a folder and making a file in it is short; here somebody prunes in exactly that moment.
vi.mock('../../../src/storage/local/make-folders.js', async (original) => {
  const actual = await original<{ makeFolders: typeof makeFolders }>();
  return { makeFolders: vi.fn(actual.makeFolders) };
});

const make = vi.mocked(makeFolders);
let root: string;
let storage: FileStorage;

beforeEach(async () => {
  root = await temporaryFolder();
  storage = localStorage({ root });
  make.mockReset();
});

function pruneAfterMaking(times: number): void {
  const real = make.getMockImplementation();
  let left = times;
  make.mockImplementation(async (...args) => {
    await real?.(...args);
    if (left-- > 0) await rmdir(args[1]);
  });
}

describe('a write whose folder is pruned before its file is there', () => {
  it('makes the folder again', async () => {
    pruneAfterMaking(20);
    await put(storage, 'a/b/c');
    expect(make).toHaveBeenCalledTimes(21);
    expect(await readText(storage, 'a/b/c')).toBe('a/b/c');
  });

  it('gives up at some point, may be tried again, and leaves nothing', async () => {
    pruneAfterMaking(Infinity);
    await expect(storage.write('a/b/c', contentOf('x'), plain)).rejects.toMatchObject({ retryable: true });
    expect(await tree(root)).toEqual([]);
  });

  it('survives pruners that never rest', { timeout: 60_000 }, async () => {
    const keys = Array.from({ length: 150 }, (_, n) => `2026/${n % 3}/${n}/file`);
    const written = new AbortController();
    const pruner = async () => {
      while (!written.signal.aborted) {
        await storage.delete(keys.map((key) => ({ key: `${key}-absent`, abandoned: true })));
      }
    };
    const pruning = [pruner(), pruner()];
    await put(storage, ...keys);
    written.abort();
    await Promise.all(pruning);
    for (const key of keys) expect(await readText(storage, key)).toBe(key);
  });
});

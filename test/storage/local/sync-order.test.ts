import type { lstat, open, rename, unlink } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import { contentOf, plain } from './content.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

const calls: string[] = vi.hoisted(() => []);
const failing = vi.hoisted(() => ({ sync: false, ages: false }));

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<{
    lstat: typeof lstat;
    open: typeof open;
    rename: typeof rename;
    unlink: typeof unlink;
  }>();
  // As on a file system that keeps no birth times and gives an inode's number to the next.
  const agelessLstat = async (...args: Parameters<typeof lstat>) => {
    const stats = await actual.lstat(...args);
    return failing.ages ? Object.assign(stats, { ino: 7n, birthtimeNs: 0n }) : stats;
  };
  const watchedOpen: typeof open = async (path, ...rest) => {
    const handle = await actual.open(path, ...rest);
    const sync = handle.sync.bind(handle);
    handle.sync = () => {
      calls.push(`sync ${String(path)}`);
      return failing.sync ? Promise.reject(new Error('EIO')) : sync();
    };
    return handle;
  };
  const watchedRename: typeof rename = (from, to) => {
    calls.push(`rename ${String(to)}`);
    return actual.rename(from, to);
  };
  const watchedUnlink: typeof unlink = (path) => {
    calls.push(`unlink ${String(path)}`);
    return actual.unlink(path);
  };
  return { ...actual, lstat: agelessLstat, open: watchedOpen, rename: watchedRename, unlink: watchedUnlink };
});

it('syncs the bytes before the name, the name before it answers, and a deletion before it answers', async () => {
  const root = await temporaryFolder();
  const storage = localStorage({ root });
  calls.length = 0;
  await storage.write('a/b', contentOf('x'), plain);
  expect(calls).toEqual([`sync ${root}/a/b.part`, `rename ${root}/a/b`, `sync ${root}/a`, `sync ${root}`]);
  calls.length = 0;
  await storage.delete([{ key: 'a/b', abandoned: true }]);
  expect(calls).toEqual([`unlink ${root}/a/b`, `unlink ${root}/a/b.part`, `sync ${root}/a`]);
});

it('gives bytes that could not be synced no name', async () => {
  const root = await temporaryFolder();
  failing.sync = true;
  await expect(localStorage({ root }).write('a/b', contentOf('x'), plain)).rejects.toThrow('EIO');
  failing.sync = false;
  expect(await tree(root)).toEqual([]);
});

it('syncs all the way up again where a folder cannot be told from one that was removed', async () => {
  const root = await temporaryFolder();
  const storage = localStorage({ root });
  failing.ages = true;
  for (const key of ['a/b/one', 'a/b/two']) {
    calls.length = 0;
    await storage.write(key, contentOf('x'), plain);
    expect(calls.slice(2)).toEqual([`sync ${root}/a/b`, `sync ${root}/a`, `sync ${root}`]);
    await storage.delete([{ key, abandoned: false }]);
  }
  failing.ages = false;
});

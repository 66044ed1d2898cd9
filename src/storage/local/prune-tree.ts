import type { Dirent } from 'node:fs';
import { opendir, rmdir } from 'node:fs/promises';
import type { StoragePruneOptions } from '../storage.js';

const slash = Buffer.from('/');

/**
 * Removes every empty folder below a real root, from the bottom upward, and never the root; answers how many. Only asks the system
 * to remove an empty folder, which it refuses while anything is in it; a write that just made it makes it again. Follows no links
 * and passes over what it may not read. Memory is bounded by the depth.
 */
export async function pruneTree(root: string, { keep, signal }: StoragePruneOptions = {}): Promise<number> {
  let removed = 0;

  /** Answers whether the folder holds nothing any more. A name that is no UTF-8 is a path all the same. */
  async function emptied(path: Buffer, key: string): Promise<boolean> {
    let empty = true;
    const folder = await opendir(path as unknown as string, { encoding: 'buffer' as BufferEncoding });
    for await (const entry of folder as AsyncIterable<Dirent<Buffer | string>>) {
      signal?.throwIfAborted();
      const name = Buffer.from(entry.name as string);
      const gone =
        entry.isDirectory() &&
        (await removedFolder(Buffer.concat([path, slash, name]), key + name.toString()));
      empty &&= gone;
    }
    return empty;
  }

  async function removedFolder(path: Buffer, key: string): Promise<boolean> {
    try {
      if (!(await emptied(path, `${key}/`)) || keep?.(key) === true) return false;
      await rmdir(path);
      removed++;
      return true;
    } catch {
      // Somebody wrote into it, removed it, or forbids it. A folder that stays costs nothing.
      signal?.throwIfAborted();
      return false;
    }
  }

  await emptied(Buffer.from(root), '');
  return removed;
}

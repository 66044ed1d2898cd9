import { rmdir } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { errorCode } from './error-code.js';

/**
 * Removes those of the folders that are empty, and their parents as far as they become empty, never the root. Only asks
 * the system to remove an empty folder, which it refuses while anything is in it; a write that comes in between makes its
 * folder again. Never rejects: a folder that stays costs nothing.
 */
export async function pruneEmptyFolders(root: string, folders: Iterable<string>): Promise<void> {
  let candidates = new Set(folders);
  while (candidates.size > 0) {
    const parents = new Set<string>();
    for (const folder of candidates) {
      if (isBelow(root, folder) && (await isGone(folder))) parents.add(dirname(folder));
    }
    candidates = parents;
  }
}

function isBelow(root: string, folder: string): boolean {
  return folder.startsWith(root.endsWith(sep) ? root : root + sep) && folder !== root;
}

async function isGone(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    const code = errorCode(error);
    // A path that the system cannot hold: of those above it some may have been made all the same.
    return code === 'ENOENT' || code === 'ENAMETOOLONG';
  }
}

import { lstat, mkdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import { errorCode } from './error-code.js';
import { folderExists } from './folder-exists.js';

/**
 * Makes a folder below the root, with those above it, and never the root itself. One level at a time, because a recursive
 * mkdir follows symbolic links. Rejects with ENOENT where somebody removed an empty folder meanwhile: call it again.
 */
export async function makeFolders(root: string, folder: string): Promise<void> {
  if (await folderExists(root, folder)) return;
  let path = root;
  for (const segment of relative(root, folder).split(sep)) {
    path = join(path, segment);
    await makeFolder(path);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    if ((await lstat(path)).isDirectory()) return;
    throw new StorageRefusedError(`'${path}' must be a folder. Look at what lies there.`, {
      context: { path },
      cause: error,
    });
  }
}

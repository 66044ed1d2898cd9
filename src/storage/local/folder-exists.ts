import { lstat, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import { errorCode } from './error-code.js';

/**
 * Whether a folder below the root is there. Rejects with `StorageRefusedError` where the way to it leads through a symbolic
 * link, also a dangling one: the link may lead out of the root, and two keys would name one file.
 */
export async function folderExists(root: string, folder: string): Promise<boolean> {
  try {
    if ((await realpath(folder)) !== folder) throw symlinked(folder);
    return true;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  let path = root;
  for (const segment of relative(root, folder).split(sep)) {
    path = join(path, segment);
    try {
      if ((await lstat(path)).isSymbolicLink()) throw symlinked(path);
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }
  // Somebody made the last part of it between the two looks, or the way ends in a file; in neither case was it there.
  return false;
}

function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function symlinked(path: string): StorageRefusedError {
  return new StorageRefusedError(
    `The way to '${path}' leads through a symbolic link, and those are not followed inside a storage's root. ` +
      'Put a real folder there, or configure the other place as a storage of its own.',
    { context: { path } },
  );
}

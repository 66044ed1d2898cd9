import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { BytesMissingError } from '../../errors/bytes-missing-error.js';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import { errorCode } from './error-code.js';
import { folderExists } from './folder-exists.js';
import type { LocalPlace } from './resolve-inside-root.js';

/** Without O_NONBLOCK opening a named pipe would occupy one of the few threads for file system calls for ever. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface RegularFile {
  /** To be closed by the caller. */
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

/**
 * Opens a regular file for reading, never through a symbolic link. Rejects with `BytesMissingError` where nothing is there
 * and with `StorageRefusedError` where something else is.
 */
export async function openRegularFile(place: LocalPlace): Promise<RegularFile> {
  const handle = await openFile(place);
  try {
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, sizeBytes: stats.size };
    throw new StorageRefusedError(`'${place.path}' is not a regular file. Look at what lies there.`, {
      context: { key: place.key },
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(place: LocalPlace): Promise<FileHandle> {
  try {
    if (await folderExists(place.root, place.folder)) return await open(place.path, flags);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
  throw new BytesMissingError(
    `Nothing lies at '${place.path}'. Restore the file from a backup, or erase the file in the registry.`,
    { context: { key: place.key } },
  );
}

import type { Readable } from 'node:stream';
import { BytesMissingError } from '../errors/bytes-missing-error.js';
import type { StorageReadOptions } from '../storage/storage.js';
import type { StorageMap } from '../storage/storage-map.js';
import type { StoredFile } from './stored-file.js';

/** Moves of one file that a reader follows, one behind the other. */
const movesMax = 3;

/**
 * Opens a file's bytes where its row says that they are. The file may move just after the row was read, and what it left may be
 * gone: then the row is read again.
 */
export async function openFile(
  found: StoredFile,
  storages: StorageMap,
  options: StorageReadOptions,
  findAgain: () => Promise<StoredFile>,
): Promise<Readable> {
  let file = found;
  for (let moves = 0; ; moves++) {
    try {
      const object = { key: file.key, versionId: file.versionId ?? undefined };
      return await storages.get(file.storage).read(object, options);
    } catch (error) {
      if (!(error instanceof BytesMissingError) || moves === movesMax) {
        throw error;
      }
      const { storage, key } = file;
      file = await findAgain();
      if (file.storage === storage && file.key === key) {
        throw error;
      }
    }
  }
}

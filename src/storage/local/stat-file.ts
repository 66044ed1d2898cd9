import { lstat } from 'node:fs/promises';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import type { StoredObject } from '../storage.js';
import { errorCode } from './error-code.js';
import type { ExactNames } from './exact-names.js';
import { type FileSystemClock, writtenMs } from './file-system-clock.js';
import { folderExists } from './folder-exists.js';
import { guarded } from './guarded.js';
import type { LocalPlace } from './resolve-inside-root.js';

/**
 * Size and age of a regular file; null where nothing is by exactly this name. Rejects with `StorageRefusedError` where something
 * else lies.
 */
export async function statFile(
  place: LocalPlace,
  clock: FileSystemClock,
  exactNames: ExactNames,
): Promise<StoredObject | null> {
  return guarded({ doing: 'look at', key: place.key }, async () => {
    if (!(await folderExists(place.root, place.folder))) return null;
    const stats = await lstat(place.path).catch((error: unknown) => {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (stats === undefined || !(await exactNames.hold(place.root, place.path))) return null;
    if (!stats.isFile()) {
      throw new StorageRefusedError(`'${place.path}' is not a regular file. Look at what lies there.`, {
        context: { key: place.key },
      });
    }
    return { sizeBytes: stats.size, ageMs: Math.max(0, (await clock.nowMs(place.root)) - writtenMs(stats)) };
  });
}

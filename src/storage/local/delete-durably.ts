import { dirname } from 'node:path';
import { FileRegistryError } from '../../errors/file-registry-error.js';
import type { StorageDeleteError, StorageDeleteOutcome, StorageDeletion } from '../storage.js';
import { errorCode } from './error-code.js';
import { folderExists } from './folder-exists.js';
import { forEachLimited } from '../for-each-limited.js';
import { pruneEmptyFolders } from './prune-empty-folders.js';
import { resolveInsideRoot, type LocalPlace } from './resolve-inside-root.js';
import { storageFault } from './storage-fault.js';
import { syncFolder } from './sync-folder.js';
import { unlinkIfThere } from './unlink-if-there.js';

const noFolder = new Set<string | undefined>(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

export interface DeleteDurablyOptions {
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes the files of many keys and answers for each. A key counts as deleted only after its folder was synced: else a
 * power failure could bring back a file whose receipt says that it is gone. That holds for a file that was absent too, for
 * an earlier try may have removed it and died before its fsync. Folders that became empty go last.
 */
export async function deleteDurably(
  root: string,
  objects: readonly StorageDeletion[],
  { concurrency, signal }: DeleteDurablyOptions,
): Promise<StorageDeleteOutcome[]> {
  const outcomes: StorageDeleteOutcome[] = [];
  const removedByFolder = new Map<string, string[]>();
  const exists = remembered((folder) => folderExists(root, folder));

  await forEachLimited(objects, concurrency, async ({ key, abandoned }) => {
    if (signal?.aborted === true) {
      outcomes.push({
        key,
        error: { message: 'Not started: the deletion was called off.', permanent: false },
      });
      return;
    }
    try {
      const place = resolveInsideRoot(root, key);
      await unlinkAll(place, abandoned, exists);
      const removed = removedByFolder.get(place.folder);
      if (removed === undefined) removedByFolder.set(place.folder, [key]);
      else removed.push(key);
    } catch (error) {
      outcomes.push({ key, error: deleteError(error, key) });
    }
  });

  await forEachLimited(removedByFolder, concurrency, async ([folder, keys]) => {
    const error = await syncError(root, folder);
    for (const key of keys) outcomes.push(error === undefined ? { key } : { key, error });
  });
  await pruneEmptyFolders(root, removedByFolder.keys());
  return outcomes;
}

async function unlinkAll(
  { folder, path, temporaryPath }: LocalPlace,
  abandoned: boolean,
  exists: (folder: string) => Promise<boolean>,
): Promise<void> {
  try {
    if (!(await exists(folder))) return;
    await unlinkIfThere(path);
    if (abandoned) await unlinkIfThere(temporaryPath);
  } catch (error) {
    // A path that the system cannot hold was never written.
    if (!abandoned || errorCode(error) !== 'ENAMETOOLONG') throw error;
  }
}

/** Where the folder was pruned meanwhile, or never was, the names in the nearest one above it are what has to last. */
async function syncError(root: string, folder: string): Promise<StorageDeleteError | undefined> {
  for (let nearest = folder; ; nearest = dirname(nearest)) {
    try {
      await syncFolder(nearest);
      return undefined;
    } catch (error) {
      if (nearest !== root && noFolder.has(errorCode(error))) continue;
      return { message: `Removed, but not durably yet: ${String(error)}`, permanent: false };
    }
  }
}

function deleteError(error: unknown, key: string): StorageDeleteError {
  const fault = storageFault(error, { doing: 'delete', key });
  return {
    message: fault instanceof Error ? fault.message : String(fault),
    permanent: fault instanceof FileRegistryError && !fault.retryable,
  };
}

function remembered<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(key);
    answers.set(key, answer);
    return answer;
  };
}

import { lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import type { DurableFolders } from './durable-folders.js';
import { errorCode } from './error-code.js';
import { fileSink } from './file-sink.js';
import { guarded } from './guarded.js';
import { makeFolders } from './make-folders.js';
import { pruneEmptyFolders } from './prune-empty-folders.js';
import type { LocalPlace } from './resolve-inside-root.js';

/** Each try needs somebody who removes the empty folder between two system calls of ours. */
const openTriesMax = 100;

/**
 * Streams into a temporary file beside the final one, syncs it, renames it and syncs the folders: a crash at any point
 * leaves the whole file or none under its name. On failure everything written is removed again. Errors of `content` come
 * out as they are, those of the file system as `StorageUnavailableError` or `StorageRefusedError`.
 */
export async function writeDurably(
  place: LocalPlace,
  content: Readable,
  durableFolders: DurableFolders,
  signal: AbortSignal | undefined,
): Promise<void> {
  const doing = { doing: 'write', key: place.key };
  const file = await guarded(doing, () => openTemporary(place));
  let path = place.temporaryPath;
  try {
    try {
      await pipeline(content, fileSink(file, doing), signal === undefined ? {} : { signal });
      await guarded(doing, () => file.sync());
    } catch (error) {
      // The first failure is the one that matters; a second one of closing would hide it.
      await file.close().catch(() => undefined);
      throw error;
    }
    await guarded(doing, async () => {
      await file.close();
      signal?.throwIfAborted();
      await refuseToOverwrite(place);
      await rename(place.temporaryPath, place.path);
      path = place.path;
      await durableFolders.sync(place.root, place.folder);
    });
  } catch (error) {
    // Whatever cannot be removed now is removed when the key's reservation runs out.
    await unlink(path).catch(() => undefined);
    await pruneEmptyFolders(place.root, [place.folder]);
    throw error;
  }
}

async function openTemporary({ root, folder, temporaryPath }: LocalPlace): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      await makeFolders(root, folder);
      return await open(temporaryPath, 'wx');
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && tries < openTriesMax) continue;
      // A refusal means that the way leads somewhere else; nothing there is ours to remove.
      if (!(error instanceof StorageRefusedError)) await pruneEmptyFolders(root, [folder]);
      throw error;
    }
  }
}

/** Renaming would replace a file silently. No key is given out twice, so whatever lies there is foreign. */
async function refuseToOverwrite({ key, path }: LocalPlace): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  throw new StorageRefusedError(
    `Something lies at '${key}' already, and nothing is ever overwritten. ` +
      'Store the content again; that takes a new key.',
    { context: { key } },
  );
}

import type { Readable } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import type { RegistryDatabase } from '../database/registry-database.js';
import { UploadAbortedError } from '../errors/upload-aborted-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { generateKey } from '../storage/object-key.js';
import { Move } from './move.js';
import type { MoveOptions } from './move-options.js';
import { openFile } from './open-file.js';
import { checkSignal, type PlannedUpload } from './plan-upload.js';
import type { StoredFile } from './stored-file.js';

/** Copies a file's bytes to another storage and lets it be there. */
export async function moveFile(
  find: () => Promise<StoredFile>,
  storage: string,
  given: MoveOptions,
  { storages, uploadTtlMs }: ResolvedOptions,
  database: RegistryDatabase,
): Promise<StoredFile> {
  refuseUnknownOptions(given, { signal: true });
  const signal = checkSignal(given.signal);
  const target = storages.get(storage);
  let file = await find();
  if (file.storage === storage) {
    return file;
  }
  let content: Readable;
  try {
    content = await openFile(file, storages, { signal }, async () => (file = await find()));
  } catch (error) {
    if (signal?.aborted === true) {
      throw new UploadAbortedError('The move was aborted by its signal. The file is where it was.', {
        cause: signal.reason,
        context: { fileId: file.id, storage },
      });
    }
    throw error;
  }
  if (file.storage === storage) {
    content.destroy();
    return file;
  }
  return new Move(file, planCopy(file, storage, signal), target, database, uploadTtlMs).run(content);
}

/** The copy is an upload under an id of its own; its name is the file's business. */
function planCopy(file: StoredFile, storage: string, signal: AbortSignal | undefined): PlannedUpload {
  const fileId = uuidv7();
  return {
    fileId,
    storage,
    key: generateKey({ fileId, filename: file.filename ?? undefined }),
    filename: null,
    contentType: file.contentType,
    metadata: '{}',
    maxSizeBytes: Number.MAX_SAFE_INTEGER,
    signal,
  };
}

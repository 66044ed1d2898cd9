import { FileHeldError } from '../errors/file-held-error.js';

/** What `erase` throws under a hold. */
export function heldFileError(held: readonly string[]): FileHeldError {
  return new FileHeldError(
    `${held.length} file(s) are under a hold and cannot be erased: ${held.slice(0, 3).join(', ')}. Nothing was erased; release() them first.`,
    { context: { fileIds: held } },
  );
}

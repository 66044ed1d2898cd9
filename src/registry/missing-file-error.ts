import { FileCondemnedError } from '../errors/file-condemned-error.js';
import { FileNotFoundError } from '../errors/file-not-found-error.js';

/** Ids that are no files, by why not. */
export interface MissingFiles {
  readonly missing: readonly string[];
  readonly condemned: readonly string[];
}

/** What a verb throws when not all of its files are there. */
export function missingFileError({
  missing,
  condemned,
}: MissingFiles): FileNotFoundError | FileCondemnedError {
  if (missing.length > 0) {
    return new FileNotFoundError(
      `No file has the id ${list(missing)}. Store the content first and pass the id that store() answers.`,
      { context: { fileIds: missing } },
    );
  }
  return new FileCondemnedError(
    `File ${list(condemned)} is no longer a file: it was erased, or without a reference past its period. Store the content again.`,
    { context: { fileIds: condemned } },
  );
}

function list(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(', ');
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
}

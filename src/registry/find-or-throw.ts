import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { type FileArgument, toFileId } from './file-argument.js';
import { missingFileError, type MissingFiles } from './missing-file-error.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';

/** @throws InvalidFileIdError, FileNotFoundError, FileCondemnedError */
export async function findOrThrow(file: FileArgument, database: RegistryDatabase): Promise<StoredFile> {
  const ids = uuidArray([toFileId(file)]);
  const [found] = await database.call<StoredFileJson[]>('find_files', [ids]);
  if (found === undefined) {
    throw missingFileError(await database.call<MissingFiles>('explain_missing', [ids]));
  }
  return toStoredFile(found);
}

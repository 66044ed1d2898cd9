import { FileRegistryError } from './file-registry-error.js';

/** No row speaks of the storage that was to be fixed, so that every object in it would count as an orphan. Nothing was adopted. */
export class StorageWithoutRowsError extends FileRegistryError {
  readonly code = 'STORAGE_WITHOUT_ROWS';
  readonly kind = 'usage';
}

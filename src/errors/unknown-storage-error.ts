import { FileRegistryError } from './file-registry-error.js';

/** No storage of this name is configured in this process. */
export class UnknownStorageError extends FileRegistryError {
  readonly code = 'UNKNOWN_STORAGE';
  readonly kind = 'usage';
}

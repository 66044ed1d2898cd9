import { FileRegistryError } from './file-registry-error.js';

/** A storage refused an operation and will refuse it again: no permission, read-only, not a regular file. */
export class StorageRefusedError extends FileRegistryError {
  readonly code = 'STORAGE_REFUSED';
  readonly kind = 'permanent';
}

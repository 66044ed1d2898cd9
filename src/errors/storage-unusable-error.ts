import { FileRegistryError } from './file-registry-error.js';

/** A storage cannot work as configured: its root is missing, is no directory, cannot be written, or overlaps another. */
export class StorageUnusableError extends FileRegistryError {
  readonly code = 'STORAGE_UNUSABLE';
  readonly kind = 'permanent';
}

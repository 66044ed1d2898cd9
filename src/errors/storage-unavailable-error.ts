import { FileRegistryError } from './file-registry-error.js';

/** A storage failed in a way that may pass: disk full, too many open files, time-out, throttling. */
export class StorageUnavailableError extends FileRegistryError {
  readonly code = 'STORAGE_UNAVAILABLE';
  readonly kind = 'retryable';
}

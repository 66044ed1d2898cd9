import { FileRegistryError } from './file-registry-error.js';

/** The database could not be reached, or the connection broke before the answer. */
export class DatabaseUnavailableError extends FileRegistryError {
  readonly code = 'DATABASE_UNAVAILABLE';
  readonly kind = 'retryable';
}

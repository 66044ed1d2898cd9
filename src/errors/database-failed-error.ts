import { FileRegistryError } from './file-registry-error.js';

/** The database refused a statement of the registry for a reason it does not expect; `cause` holds the original. */
export class DatabaseFailedError extends FileRegistryError {
  readonly code = 'DATABASE_FAILED';
  readonly kind = 'permanent';
}

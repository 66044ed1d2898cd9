import { FileRegistryError } from './file-registry-error.js';

/** The transaction already failed at an earlier statement; PostgreSQL refuses everything until it is rolled back. */
export class TransactionAbortedError extends FileRegistryError {
  readonly code = 'TRANSACTION_ABORTED';
  readonly kind = 'usage';
}

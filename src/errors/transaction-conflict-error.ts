import { FileRegistryError } from './file-registry-error.js';

/** A serialization failure (40001) or a deadlock (40P01): roll back and run the whole transaction again. */
export class TransactionConflictError extends FileRegistryError {
  readonly code = 'TRANSACTION_CONFLICT';
  readonly kind = 'retryable';
}

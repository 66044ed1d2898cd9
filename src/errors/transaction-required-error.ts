import { FileRegistryError } from './file-registry-error.js';

/** A verb that belongs into the application's transaction was called without an open one. Nothing was changed. */
export class TransactionRequiredError extends FileRegistryError {
  readonly code = 'TRANSACTION_REQUIRED';
  readonly kind = 'usage';
}

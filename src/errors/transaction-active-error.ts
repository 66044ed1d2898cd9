import { FileRegistryError } from './file-registry-error.js';

/** Content was to be stored while the application's ambient transaction was open. Nothing was stored. */
export class TransactionActiveError extends FileRegistryError {
  readonly code = 'TRANSACTION_ACTIVE';
  readonly kind = 'usage';
}

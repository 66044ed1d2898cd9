import { FileRegistryError } from './file-registry-error.js';

/** The key is a file's already, or its deletion is not over and forgotten. Nothing was adopted. */
export class KeyBusyError extends FileRegistryError {
  readonly code = 'KEY_BUSY';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** A key that could leave the storage's root or that a storage cannot hold. */
export class InvalidKeyError extends FileRegistryError {
  readonly code = 'INVALID_KEY';
  readonly kind = 'usage';
}

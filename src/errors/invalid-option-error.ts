import { FileRegistryError } from './file-registry-error.js';

/** An option of the module or of a storage has the wrong type or lies outside its limits. Thrown at construction. */
export class InvalidOptionError extends FileRegistryError {
  readonly code = 'INVALID_OPTION';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** The content handed to `store` is of a kind that cannot be read as bytes, or was read before. */
export class InvalidContentError extends FileRegistryError {
  readonly code = 'INVALID_CONTENT';
  readonly kind = 'usage';
}

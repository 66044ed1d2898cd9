import { FileRegistryError } from './file-registry-error.js';

/** The content handed to `store` is of a kind that cannot be read as bytes, or a stream that has nothing whole to give any more. */
export class InvalidContentError extends FileRegistryError {
  readonly code = 'INVALID_CONTENT';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** The metadata for `store` is no JSON object, too large, or not storable. Thrown before anything is written. */
export class InvalidMetadataError extends FileRegistryError {
  readonly code = 'INVALID_METADATA';
  readonly kind = 'usage';
}

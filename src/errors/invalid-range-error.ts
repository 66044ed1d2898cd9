import { FileRegistryError } from './file-registry-error.js';

/** A byte range that no file, or not this file, can satisfy. HTTP calls it 416. */
export class InvalidRangeError extends FileRegistryError {
  readonly code = 'INVALID_RANGE';
  readonly kind = 'usage';
}

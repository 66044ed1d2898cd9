import { FileRegistryError } from './file-registry-error.js';

/** The content is no image, is truncated, or would need more pixels than allowed. */
export class InvalidImageError extends FileRegistryError {
  readonly code = 'INVALID_IMAGE';
  readonly kind = 'usage';
}

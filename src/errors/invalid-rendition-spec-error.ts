import { FileRegistryError } from './file-registry-error.js';

/** The spec of a rendition is malformed, or its maker knows no such thing. Nothing was made. */
export class InvalidRenditionSpecError extends FileRegistryError {
  readonly code = 'INVALID_RENDITION_SPEC';
  readonly kind = 'usage';
}

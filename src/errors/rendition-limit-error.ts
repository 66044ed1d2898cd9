import { FileRegistryError } from './file-registry-error.js';

/** The original has as many renditions as it may, or is a rendition of a rendition at the greatest depth. */
export class RenditionLimitError extends FileRegistryError {
  readonly code = 'RENDITION_LIMIT';
  readonly kind = 'usage';
}

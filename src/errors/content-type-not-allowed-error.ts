import { FileRegistryError } from './file-registry-error.js';

/** The content type is malformed or not among the allowed ones. Thrown before anything is written. */
export class ContentTypeNotAllowedError extends FileRegistryError {
  readonly code = 'CONTENT_TYPE_NOT_ALLOWED';
  readonly kind = 'usage';
}

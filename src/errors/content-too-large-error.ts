import { FileRegistryError } from './file-registry-error.js';

/** The content is larger than `maxSizeBytes` allows. What was written goes by itself. */
export class ContentTooLargeError extends FileRegistryError {
  readonly code = 'CONTENT_TOO_LARGE';
  readonly kind = 'usage';
}

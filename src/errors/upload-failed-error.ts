import { FileRegistryError } from './file-registry-error.js';

/** The content's stream failed before its end. Nothing was stored. */
export class UploadFailedError extends FileRegistryError {
  readonly code = 'UPLOAD_FAILED';
  readonly kind = 'retryable';
}

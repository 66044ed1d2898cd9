import { FileRegistryError } from './file-registry-error.js';

/** A direct upload was confirmed before its bytes were there. Its reservation stays. */
export class UploadIncompleteError extends FileRegistryError {
  readonly code = 'UPLOAD_INCOMPLETE';
  readonly kind = 'retryable';
}

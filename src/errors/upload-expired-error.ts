import { FileRegistryError } from './file-registry-error.js';

/** The upload made no progress for its time-to-live and its reservation was taken back. Nothing was stored. */
export class UploadExpiredError extends FileRegistryError {
  readonly code = 'UPLOAD_EXPIRED';
  readonly kind = 'retryable';
}

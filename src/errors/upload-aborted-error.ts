import { FileRegistryError } from './file-registry-error.js';

/** The caller's AbortSignal fired before the file was complete. Nothing was stored. */
export class UploadAbortedError extends FileRegistryError {
  readonly code = 'UPLOAD_ABORTED';
  readonly kind = 'usage';
}

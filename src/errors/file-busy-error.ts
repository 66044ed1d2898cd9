import { FileRegistryError } from './file-registry-error.js';

/** A transaction was attaching or erasing the file all the while, or another call moved it meanwhile. Nothing was changed. */
export class FileBusyError extends FileRegistryError {
  readonly code = 'FILE_BUSY';
  readonly kind = 'retryable';
}

import { FileRegistryError } from './file-registry-error.js';

/** The bytes in storage are not those that were stored: another size or checksum. Nothing was changed. */
export class ContentMismatchError extends FileRegistryError {
  readonly code = 'CONTENT_MISMATCH';
  readonly kind = 'permanent';
}

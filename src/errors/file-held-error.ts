import { FileRegistryError } from './file-registry-error.js';

/** A file, or a rendition of it, is under a hold and cannot be erased. Nothing was changed. */
export class FileHeldError extends FileRegistryError {
  readonly code = 'FILE_HELD';
  readonly kind = 'usage';
}

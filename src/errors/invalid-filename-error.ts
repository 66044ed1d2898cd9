import { FileRegistryError } from './file-registry-error.js';

/** The file name for `store` is no text. Names that are merely awkward are sanitised instead. */
export class InvalidFilenameError extends FileRegistryError {
  readonly code = 'INVALID_FILENAME';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** A file argument is neither a UUID nor an object whose `id` is one. Thrown before anything is sent. */
export class InvalidFileIdError extends FileRegistryError {
  readonly code = 'INVALID_FILE_ID';
  readonly kind = 'usage';
}

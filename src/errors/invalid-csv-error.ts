import { FileRegistryError } from './file-registry-error.js';

/** A CSV that cannot be read: a malformed line, or a column that is not in its header. */
export class InvalidCsvError extends FileRegistryError {
  readonly code = 'INVALID_CSV';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** A file's row is there, its bytes are not: somebody deleted them behind the registry's back. */
export class BytesMissingError extends FileRegistryError {
  readonly code = 'BYTES_MISSING';
  readonly kind = 'permanent';
}

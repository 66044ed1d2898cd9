import { FileRegistryError } from './file-registry-error.js';

/** No file has this id. The application's transaction stays usable. */
export class FileNotFoundError extends FileRegistryError {
  readonly code = 'FILE_NOT_FOUND';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** The file was erased, or had no reference past its period, and is no longer a file. The application's transaction stays usable. */
export class FileCondemnedError extends FileRegistryError {
  readonly code = 'FILE_CONDEMNED';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** The registry's schema is missing or older than this version of the package. */
export class SchemaOutdatedError extends FileRegistryError {
  readonly code = 'SCHEMA_OUTDATED';
  readonly kind = 'permanent';
}

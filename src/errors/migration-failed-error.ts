import { FileRegistryError } from './file-registry-error.js';

/** A migration of the registry's schema failed and was rolled back. */
export class MigrationFailedError extends FileRegistryError {
  readonly code = 'MIGRATION_FAILED';
  readonly kind = 'permanent';
}

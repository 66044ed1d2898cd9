import { FileRegistryError } from './file-registry-error.js';

/** The column cannot be tracked as it was asked for. */
export class InvalidTrackedColumnError extends FileRegistryError {
  override readonly code = 'INVALID_TRACKED_COLUMN';
  override readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** A row that was there before its column was tracked names something that is no file. */
export class TrackedValueError extends FileRegistryError {
  override readonly code = 'TRACKED_VALUE';
  override readonly kind = 'usage';
}

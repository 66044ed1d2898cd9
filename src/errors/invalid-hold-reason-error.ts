import { FileRegistryError } from './file-registry-error.js';

/** The reason of a hold is empty, too long or malformed. Thrown before anything is sent. */
export class InvalidHoldReasonError extends FileRegistryError {
  readonly code = 'INVALID_HOLD_REASON';
  readonly kind = 'usage';
}

import { FileRegistryError } from './file-registry-error.js';

/** An owner's type, id or slot is empty, too long, malformed or reserved. Thrown before anything is sent. */
export class InvalidOwnerError extends FileRegistryError {
  readonly code = 'INVALID_OWNER';
  readonly kind = 'usage';
}

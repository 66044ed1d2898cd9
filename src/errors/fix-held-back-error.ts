import { FileRegistryError } from './file-registry-error.js';

/** The registry is paused, or its rows came from another database, whose objects are not to be adopted here. Nothing was adopted. */
export class FixHeldBackError extends FileRegistryError {
  readonly code = 'FIX_HELD_BACK';
  readonly kind = 'usage';
}

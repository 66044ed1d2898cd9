import { FileRegistryError } from './file-registry-error.js';

/**
 * A method is marked as a hook that could not be called: it is static, or its provider exists once a request or once an injection
 * and not once an application. Thrown where the class is defined, or at the start of the application.
 */
export class InvalidHookError extends FileRegistryError {
  readonly code = 'INVALID_HOOK';
  readonly kind = 'usage';
}

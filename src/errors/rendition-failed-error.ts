import { FileRegistryError } from './file-registry-error.js';

/** The maker failed, timed out or made nothing. All who waited for it get this; `context.code` is the code of the maker's error where it has one. */
export class RenditionFailedError extends FileRegistryError {
  readonly code = 'RENDITION_FAILED';
  readonly kind = 'permanent';
}

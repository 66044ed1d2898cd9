import { FileRegistryError } from './file-registry-error.js';

/** The rendition is being made by another call and was not finished while this one waited, or the maker has too much to do. */
export class RenditionBusyError extends FileRegistryError {
  readonly code = 'RENDITION_BUSY';
  readonly kind = 'retryable';
}

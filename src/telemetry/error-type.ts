import { FileRegistryError } from '../errors/file-registry-error.js';

/** A name for an error of which there are few, as `error.type` asks for: never its message. */
export function errorType(error: unknown): string {
  if (error instanceof FileRegistryError) {
    return error.code;
  }
  return error instanceof Error ? error.name : typeof error;
}

import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The `file://` URL of the real path, so that two storages over one place are seen through symbolic links. What is not
 * there yet is taken as written below the deepest folder that is.
 */
export function locate(path: string): string {
  return pathToFileURL(realOrWritten(path)).href;
}

function realOrWritten(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOrWritten(parent), basename(path));
  }
}

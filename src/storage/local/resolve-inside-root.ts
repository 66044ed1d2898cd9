import { dirname, join } from 'node:path';
import { assertKey } from '../assert-key.js';

export interface LocalPlace {
  readonly key: string;
  /** The real path of the storage's root. */
  readonly root: string;
  readonly folder: string;
  readonly path: string;
  /** Where the content lies until it is complete. Named after the key, so that whoever cleans up finds it. */
  readonly temporaryPath: string;
}

/** Where a key's bytes lie below the root's real path. Throws `InvalidKeyError` for a key that could lead out of it. */
export function resolveInsideRoot(root: string, key: string): LocalPlace {
  assertKey(key);
  const path = join(root, ...key.split('/'));
  return { key, root, folder: dirname(path), path, temporaryPath: `${path}.part` };
}

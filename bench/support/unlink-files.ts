import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { forEachLimited } from '../../src/storage/for-each-limited.js';

/** As many at once as the registry's local storage has by default, so that everybody unlinks alike. */
export const unlinkConcurrency = 16;

export async function unlinkFiles(root: string, keys: readonly string[]): Promise<void> {
  await forEachLimited(keys, unlinkConcurrency, (key) => unlink(join(root, key)));
}

import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './sync-folder.js';

/** About 16 days of generated keys. Forgetting costs one more fsync per level, so there is no need to be clever. */
const rememberedMax = 4096;

/**
 * Makes the folders above a new file durable, not only the one it lies in: another process may have made them a moment
 * ago and not have come to its own fsync. A folder that was seen once is not synced again (0.3 ms a file otherwise); it is
 * known by inode and birth, since an empty one may have been removed and made anew; where the file system keeps no time of
 * birth, the new one may look the same, and none is remembered.
 */
export class DurableFolders {
  readonly #seen = new Map<string, string>();

  /** `folder` must hold a file already, so that nobody can remove it meanwhile. */
  async sync(root: string, folder: string): Promise<void> {
    await syncFolder(folder);
    if (folder === root) return;
    const { ino, birthtimeNs } = await lstat(folder, { bigint: true });
    const identity = `${ino}:${birthtimeNs}`;
    if (this.#seen.get(folder) === identity) return;
    for (let above = folder; above !== root;) {
      above = dirname(above);
      await syncFolder(above);
    }
    if (birthtimeNs === 0n) return;
    if (this.#seen.size >= rememberedMax) this.#seen.clear();
    this.#seen.set(folder, identity);
  }
}

import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../errors/storage-unusable-error.js';
import { errorCode } from './error-code.js';
import { locate } from './locate.js';
import { probeFolder } from './probe-folder.js';

interface FolderIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A local storage's root. May itself be a symbolic link. */
export class StorageRoot {
  readonly path: string;
  readonly location: string;
  #known: FolderIdentity | undefined;

  constructor(path: string) {
    this.path = resolve(path);
    this.location = locate(this.path);
  }

  /**
   * Rejects with `StorageUnusableError` unless the root is a folder in which a file can be made, synced and removed. Does
   * not make the folder: a volume that is not mounted looks just like a folder that was never made.
   */
  async check(): Promise<void> {
    const stats = await stat(this.path, { bigint: true }).catch((error: unknown) => {
      throw errorCode(error) === 'ENOENT'
        ? this.#unusable(`does not exist. Mount its volume, or create it: mkdir -p '${this.path}'`, error)
        : this.#unusable(`cannot be reached (${String(error)}). Look at what lies there`, error);
    });
    if (!stats.isDirectory()) throw this.#unusable('is not a folder. Point `root` at a folder');
    await probeFolder(this.path).catch((error: unknown) => {
      throw this.#unusable(`cannot be written (${String(error)}). Let the process write there`, error);
    });
    this.#known = stats;
  }

  /**
   * The root's real path. Rejects with `StorageUnavailableError` where the root is gone, or is another folder on another
   * device than before: its volume was unmounted, and absent files must not be taken for deleted ones, nor new ones be
   * written below the mount point. A new device alone is the same volume mounted again; a new inode alone is a folder that
   * was exchanged, or a file system whose inodes do not last.
   */
  async resolve(): Promise<string> {
    try {
      const [path, stats] = await Promise.all([realpath(this.path), stat(this.path, { bigint: true })]);
      this.#known ??= stats;
      if (stats.dev === this.#known.dev || stats.ino === this.#known.ino) return path;
    } catch (error) {
      throw this.#unavailable('cannot be reached', error);
    }
    throw this.#unavailable('is not the folder on the volume that it was at the start');
  }

  #unusable(fault: string, cause?: unknown): StorageUnusableError {
    return new StorageUnusableError(`The storage's root '${this.path}' ${fault}.`, {
      context: { root: this.path },
      cause,
    });
  }

  #unavailable(fault: string, cause?: unknown): StorageUnavailableError {
    return new StorageUnavailableError(
      `The storage's root '${this.path}' ${fault}. Mount its volume again; if the change was meant, restart the process.`,
      { context: { root: this.path }, cause },
    );
  }
}

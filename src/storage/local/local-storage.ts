import { inspect } from 'node:util';
import { InvalidOptionError } from '../../errors/invalid-option-error.js';
import { refuseUnknownOptions } from '../../options/refuse-unknown-options.js';
import type { FileStorage } from '../storage.js';
import { deleteDurably } from './delete-durably.js';
import { DurableFolders } from './durable-folders.js';
import { ExactNames } from './exact-names.js';
import { FileSystemClock } from './file-system-clock.js';
import { guarded } from './guarded.js';
import { listFolder } from './list-folder.js';
import { pruneTree } from './prune-tree.js';
import { readLazily } from './read-lazily.js';
import { resolveInsideRoot } from './resolve-inside-root.js';
import { statFile } from './stat-file.js';
import { StorageRoot } from './storage-root.js';
import { writeDurably } from './write-durably.js';

const deleteConcurrencyDefault = 16;
const deleteConcurrencyMax = 256;

export interface LocalStorageOptions {
  /**
   * The folder that holds the bytes; relative paths start at the working directory. It must exist, and belong to this
   * storage alone. It may be a symbolic link; links inside it are not followed.
   */
  readonly root: string;
  /**
   * How many files of one batch are removed at a time. Default 16, from 1 to 256. More helps where the file system is far
   * away; Node itself runs UV_THREADPOOL_SIZE (4) file system calls at once.
   */
  readonly deleteConcurrency?: number | undefined;
}

/**
 * Keeps files in a local folder, or one that is mounted. A file appears under its name only when it is whole and synced,
 * is never overwritten, and empty folders go with their last file. Throws `InvalidOptionError`; the folder itself is looked
 * at by `check`.
 *
 * ```ts
 * storages: { media: localStorage({ root: './media' }) }
 * ```
 */
export function localStorage(options: LocalStorageOptions): FileStorage {
  const { root: path, deleteConcurrency } = checked(options);
  const root = new StorageRoot(path);
  const durableFolders = new DurableFolders();
  const clock = new FileSystemClock();
  const exactNames = new ExactNames();

  return {
    location: root.location,

    check: () => root.check(),

    async write(key, content, { signal }) {
      // A stream that fails before or after it is listened to ends the process; its failure is reported below.
      content.on('error', () => undefined);
      try {
        signal?.throwIfAborted();
        const place = resolveInsideRoot(await root.resolve(), key);
        await writeDurably(place, content, durableFolders, signal);
        return {};
      } catch (error) {
        content.destroy();
        throw signal?.aborted === true ? signal.reason : error;
      }
    },

    async read({ key }, readOptions = {}) {
      return readLazily(resolveInsideRoot(await root.resolve(), key), readOptions);
    },

    async stat({ key }) {
      const stored = await statFile(resolveInsideRoot(await root.resolve(), key), clock, exactNames);
      // Had the volume gone in between, every file would look absent.
      await root.resolve();
      return stored;
    },

    async *list(listOptions) {
      yield* listFolder(await root.resolve(), clock, listOptions);
      // The same: a volume that went must not look like the end.
      await root.resolve();
    },

    async delete(objects, { signal } = {}) {
      const realRoot = await root.resolve();
      const outcomes = await deleteDurably(realRoot, objects, { concurrency: deleteConcurrency, signal });
      // Had the volume gone in between, every file would have looked absent, which counts as deleted.
      await root.resolve();
      return outcomes;
    },

    async prune(pruneOptions) {
      const realRoot = await root.resolve();
      return guarded({ doing: 'prune', key: realRoot }, () => pruneTree(realRoot, pruneOptions));
    },
  };
}

function checked(options: LocalStorageOptions): { root: string; deleteConcurrency: number } {
  if (typeof options !== 'object' || options === null) {
    throw invalid('localStorage', options, "options, e.g. { root: './media' }");
  }
  refuseUnknownOptions(options, { root: true, deleteConcurrency: true });
  const { root, deleteConcurrency = deleteConcurrencyDefault } = options;
  if (typeof root !== 'string' || root.trim() === '' || root.includes('\0')) {
    throw invalid('root', root, "the path of a folder, e.g. './media'");
  }
  if (
    !Number.isInteger(deleteConcurrency) ||
    deleteConcurrency < 1 ||
    deleteConcurrency > deleteConcurrencyMax
  ) {
    throw invalid('deleteConcurrency', deleteConcurrency, `a whole number from 1 to ${deleteConcurrencyMax}`);
  }
  return { root, deleteConcurrency };
}

function invalid(option: string, received: unknown, expected: string): InvalidOptionError {
  return new InvalidOptionError(
    `\`${option}\` must be ${expected}. Received: ${inspect(received, { depth: 0, breakLength: Infinity })}.`,
    {
      context: { option, received },
    },
  );
}

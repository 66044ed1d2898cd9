import { FileRegistryError } from '../../errors/file-registry-error.js';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';

const permission = 'Give the process permission first.';
const path = 'Look at what lies at this path.';

/**
 * What trying again does not mend. Any other code counts as passing (disk full, too many open files, a network file
 * system that is away): giving up on bytes too early leaks them, trying in vain only costs a little.
 */
const permanent: Readonly<Record<string, string>> = {
  EACCES: permission,
  EPERM: permission,
  EROFS: 'Mount the file system for writing first.',
  ENAMETOOLONG: 'Use a shorter key or a root with a shorter path.',
  EISDIR: path,
  ENOTDIR: path,
  ELOOP: 'Symbolic links inside the root are not followed; put the real file or folder there.',
  EEXIST: 'Nothing is ever overwritten. Store the content again; that takes a new key.',
  EFBIG: 'The file system cannot hold a file of this size.',
  EILSEQ: 'The file system cannot hold this name.',
  EINVAL: path,
  ENOSYS: 'The file system cannot do this; use another.',
  ENOTSUP: 'The file system cannot do this; use another.',
  EOPNOTSUPP: 'The file system cannot do this; use another.',
  EXDEV: path,
};

const passing: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space, then try again.',
  EDQUOT: 'Free some space or raise the quota, then try again.',
  EMFILE: 'Raise the limit of open files, or try again later.',
  ENFILE: 'Raise the limit of open files, or try again later.',
};

export interface StorageFaultDetails {
  /** What was tried, to follow 'Could not'. */
  readonly doing: string;
  readonly key?: string;
}

/** The error of the registry that stands for a failed file system call. Whatever is no such failure comes back as it is. */
export function storageFault(error: unknown, { doing, key }: StorageFaultDetails): unknown {
  if (error instanceof FileRegistryError || !isSystemError(error)) return error;
  const details = { context: { key, code: error.code }, cause: error };
  const refusal = permanent[error.code];
  const what = `Could not ${doing}${key === undefined ? '' : ` '${key}'`}: ${error.message}.`;
  return refusal === undefined
    ? new StorageUnavailableError(`${what} ${passing[error.code] ?? 'Try again later.'}`, details)
    : new StorageRefusedError(`${what} ${refusal}`, details);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

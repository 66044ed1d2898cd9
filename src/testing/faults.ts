import { StorageRefusedError } from '../errors/storage-refused-error.js';
import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';

/** The calls of a storage that can be made to fail. */
export type StorageCallKind = 'check' | 'write' | 'read' | 'stat' | 'list' | 'delete';

/** What is done to one key of a bulk deletion: it fails so, or it is left out of the answer. */
export type KeyFault = 'permanent' | 'retryable' | 'silent';

/** What goes wrong in one call. Made by the functions of `faults`. */
export type Fault =
  | { readonly type: 'fail'; readonly error: Error; readonly afterwards: boolean }
  | { readonly type: 'hang' }
  | { readonly type: 'late' }
  | { readonly type: 'halfway'; readonly afterBytes: number; readonly keep: boolean; readonly error: Error }
  | { readonly type: 'listing'; readonly afterObjects: number; readonly error: Error }
  | { readonly type: 'keys'; readonly faultOf: (key: string) => KeyFault | undefined };

export type FailureKind = 'permanent' | 'retryable' | Error;

/**
 * What can go wrong in a call of a storage, for the plan of `faultyStorage`. Failures are `StorageUnavailableError`
 * (`'retryable'`, the default), `StorageRefusedError` (`'permanent'`) or an error of one's own.
 */
export const faults = {
  /** Rejects and does nothing. */
  fail(failure: FailureKind = 'retryable'): Fault {
    return { type: 'fail', error: errorOf(failure), afterwards: false };
  },

  /** Does its work, then rejects: the answer was lost on the way. A read whose answer is lost gives nothing. */
  failAfterwards(failure: FailureKind = 'retryable'): Fault {
    return { type: 'fail', error: errorOf(failure), afterwards: true };
  },

  /** Does nothing until `release()` or until the signal of the call fires, then goes on as the wrapped storage does. */
  hang(): Fault {
    return { type: 'hang' };
  },

  /** Does its work at once, and answers at `release()`, whatever its signal says. */
  late(): Fault {
    return { type: 'late' };
  },

  /**
   * A write that rejects once it has taken so many bytes, or at the end of a shorter content. With `keep` those bytes stay
   * visible under the key, as a storage leaves them that does not clean up; without, nothing stays. Fails any other call.
   */
  failHalfway({
    afterBytes = 1,
    keep = false,
    failure = 'retryable',
  }: {
    afterBytes?: number | undefined;
    keep?: boolean | undefined;
    failure?: FailureKind | undefined;
  } = {}): Fault {
    if (!Number.isSafeInteger(afterBytes) || afterBytes < 0) {
      throw new RangeError(`afterBytes: expected a whole number from 0, received ${String(afterBytes)}.`);
    }
    return { type: 'halfway', afterBytes, keep, error: errorOf(failure) };
  },

  /** A listing that rejects once it has given so many objects, or at its end if there are fewer. Fails any other call. */
  failListing({
    afterObjects = 1,
    failure = 'retryable',
  }: { afterObjects?: number | undefined; failure?: FailureKind | undefined } = {}): Fault {
    if (!Number.isSafeInteger(afterObjects) || afterObjects < 0) {
      throw new RangeError(`afterObjects: expected a whole number from 0, received ${String(afterObjects)}.`);
    }
    return { type: 'listing', afterObjects, error: errorOf(failure) };
  },

  /** A delete that fails for some keys or says nothing about them, leaves their objects, and deletes the others. */
  failKeys(keys: Readonly<Record<string, KeyFault>> | ((key: string) => KeyFault | undefined)): Fault {
    return {
      type: 'keys',
      faultOf:
        typeof keys === 'function' ? keys : (key) => (Object.hasOwn(keys, key) ? keys[key] : undefined),
    };
  },
} as const;

function errorOf(failure: FailureKind): Error {
  if (failure instanceof Error) return failure;
  return failure === 'permanent'
    ? new StorageRefusedError('A planned fault: the storage refuses. Mend the plan of the test.')
    : new StorageUnavailableError('A planned fault: the storage is away. Try again.');
}

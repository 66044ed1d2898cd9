import { FileRegistryError } from '../errors/file-registry-error.js';
import type { StorageObject, StoredObject } from '../storage/storage.js';
import type { ReconcileContext } from './reconcile-context.js';
import { retrying } from './retrying.js';

/** Why an object cannot be looked at, which is neither being there nor being gone. */
export interface Unknowable {
  readonly problem: string;
}

/** What lies under a key now; null where nothing does. What passes is tried again. */
export function lookAt(
  { storage, options }: ReconcileContext,
  object: StorageObject,
): Promise<StoredObject | Unknowable | null> {
  return unlessRefused(() => retrying(options, () => storage.stat(object)));
}

/** Turns a refusal of one object into an answer; other failures end the run. */
export async function unlessRefused<Result>(work: () => Promise<Result>): Promise<Result | Unknowable> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FileRegistryError) || error.retryable) throw error;
    return { problem: `cannot be looked at. ${error.message}` };
  }
}

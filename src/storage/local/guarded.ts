import { storageFault, type StorageFaultDetails } from './storage-fault.js';

/** Runs file system calls and throws the registry's error for theirs. */
export async function guarded<T>(details: StorageFaultDetails, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageFault(error, details);
  }
}

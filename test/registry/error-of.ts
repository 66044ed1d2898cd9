import type { FileRegistryError } from 'nestjs-file-registry';

/** What the promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<FileRegistryError> {
  try {
    await promise;
  } catch (error) {
    return error as FileRegistryError;
  }
  throw new Error('It did not reject.');
}

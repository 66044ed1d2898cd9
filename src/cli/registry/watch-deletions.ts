import type { FileStorage } from '../../storage/storage.js';

/**
 * Tells how many objects each deletion of these storages dealt with. In place, because the processor of an application has them
 * already; one that is frozen stays as it is.
 */
export function watchDeletions(
  storages: Iterable<readonly [name: string, storage: FileStorage]>,
  onDeleted: (objects: number) => void,
): void {
  for (const [, storage] of storages) {
    const deleteThem = storage.delete.bind(storage);
    Reflect.set(storage, 'delete', async (...args: Parameters<FileStorage['delete']>) => {
      const outcomes = await deleteThem(...args);
      onDeleted(outcomes.length);
      return outcomes;
    });
  }
}

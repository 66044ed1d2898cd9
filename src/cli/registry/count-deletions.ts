import type { FileStorage } from '../../storage/storage.js';

/** The same storage, which tells how many objects each of its deletions dealt with. */
export function countDeletions(storage: FileStorage, onDeleted: (objects: number) => void): FileStorage {
  return new Proxy(storage, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') {
        return value;
      }
      if (property !== 'delete') {
        return value.bind(target) as unknown;
      }
      return async (...args: Parameters<FileStorage['delete']>) => {
        const outcomes = await target.delete(...args);
        onDeleted(outcomes.length);
        return outcomes;
      };
    },
  });
}

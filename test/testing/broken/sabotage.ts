import type { FileStorage } from 'nestjs-file-registry';
import { memoryStorage, type MemoryStorage } from 'nestjs-file-registry/testing';

/** A storage with one fault, the case of the contract that has to find it, and what the failure has to say. */
export interface Sabotage {
  readonly fault: string;
  /** The name of the case. */
  readonly breaks: string;
  readonly says: RegExp;
  readonly make: () => BrokenStorage;
  /** The fault is that a call never answers. */
  readonly hangs?: boolean;
}

export interface BrokenStorage extends FileStorage {
  /** Everything that lies in it, out of sight or not. */
  everything(): Promise<string[]>;
}

/** A storage that is whole but for what is given instead. `hidden` is what lies about without being an object. */
export function broken(
  sabotage: (inner: MemoryStorage, hidden: Set<string>) => Partial<FileStorage>,
): BrokenStorage {
  const inner = memoryStorage();
  const hidden = new Set<string>();
  const whole: FileStorage = {
    location: inner.location,
    check: () => inner.check(),
    write: (key, content, options) => inner.write(key, content, options),
    read: (object, options) => inner.read(object, options),
    stat: (object) => inner.stat(object),
    list: (options) => inner.list(options),
    delete: (objects, options) => inner.delete(objects, options),
  };
  const everything = async () => [...inner.keys(), ...inner.uploading(), ...hidden];
  // Descriptors, because a getter is to stay one.
  return Object.defineProperties(
    { ...whole, everything },
    Object.getOwnPropertyDescriptors(sabotage(inner, hidden)),
  );
}

/** A storage that changes the keys it is given, and overwrites where two of them become one. */
export function renaming(rename: (key: string) => string): BrokenStorage {
  return broken((inner) => ({
    async write(key, content, options) {
      await inner.delete([{ key: rename(key), abandoned: true }]);
      return inner.write(rename(key), content, options);
    },
    read: ({ key }, options) => inner.read({ key: rename(key) }, options),
    async delete(objects, options) {
      const outcomes = await Promise.all(
        objects.map(({ key, abandoned }) => inner.delete([{ key: rename(key), abandoned }], options)),
      );
      return objects.map(({ key }, n) => ({ ...outcomes[n]?.[0], key }));
    },
  }));
}

/** The last segment is what the cases choose; what stands before it they share. */
export function lastSegment(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

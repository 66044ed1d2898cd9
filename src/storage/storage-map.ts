import { inspect } from 'node:util';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { StorageUnusableError } from '../errors/storage-unusable-error.js';
import { UnknownStorageError } from '../errors/unknown-storage-error.js';
import type { FileStorage } from './storage.js';

/** At most 63 bytes, as the database checks. Names stand in rows for years, hence no blanks and no signs. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
/** `*` for a server of which nothing is known. */
const host = /^(\w+:\/\/)[^/]*/;
const anyHost = /^\w+:\/\/\*(?:\/|$)/;
const methods = ['check', 'write', 'read', 'stat', 'list', 'delete'] as const;

export interface StorageMapOptions {
  /** The storages by name. The names are kept in the rows of the files: a storage may move, its name may not. */
  readonly storages: Readonly<Record<string, FileStorage>>;
  /** Where `store` puts files that name no storage. */
  readonly defaultStorage: string;
}

/** The storages of the application by name. Holding one means that its options were checked and that no two overlap. */
export class StorageMap implements Iterable<readonly [name: string, storage: FileStorage]> {
  readonly defaultName: string;
  readonly #storages: ReadonlyMap<string, FileStorage>;

  /**
   * Throws `InvalidOptionError` for a malformed option, `StorageUnusableError` where one storage lies in another. Touches
   * no storage; call `check` of each for that.
   */
  constructor({ storages, defaultStorage }: StorageMapOptions) {
    if (typeof storages !== 'object' || storages === null || Object.keys(storages).length === 0) {
      throw invalid(
        'storages',
        storages,
        'an object with at least one storage, e.g. { media: localStorage({ … }) }',
      );
    }
    for (const [name, storage] of Object.entries(storages)) checkEntry(name, storage);
    this.#storages = new Map(Object.entries(storages));
    if (!this.#storages.has(defaultStorage)) {
      throw invalid('defaultStorage', defaultStorage, `one of the storages: ${this.names.join(', ')}`);
    }
    this.defaultName = defaultStorage;
    refuseOverlaps([...this.#storages]);
  }

  get names(): string[] {
    return [...this.#storages.keys()];
  }

  /** Throws `UnknownStorageError`, which lists the names there are. */
  get(name: string): FileStorage {
    const storage = this.#storages.get(name);
    if (storage !== undefined) return storage;
    throw new UnknownStorageError(
      `No storage is called ${inspect(name)}; there are ${this.names.join(', ')}. ` +
        'Configure it under `storages`, or correct the name.',
      { context: { storage: name, known: this.names } },
    );
  }

  has(name: string): boolean {
    return this.#storages.has(name);
  }

  [Symbol.iterator](): IterableIterator<[name: string, storage: FileStorage]> {
    return this.#storages.entries();
  }
}

function checkEntry(name: string, storage: FileStorage): void {
  if (!namePattern.test(name)) {
    throw invalid(
      'storages',
      name,
      'names of 1 to 63 letters, digits, `_`, `.` or `-` that begin with a letter or a digit',
    );
  }
  const complete =
    typeof storage === 'object' &&
    storage !== null &&
    typeof storage.location === 'string' &&
    methods.every((method) => typeof storage[method] === 'function');
  if (!complete) {
    throw invalid(`storages.${name}`, storage, `a storage with a location and ${methods.join(', ')}`);
  }
}

function refuseOverlaps(entries: readonly (readonly [string, FileStorage])[]): void {
  for (const [i, [outerName, outer]] of entries.entries()) {
    for (const [j, [innerName, inner]] of entries.entries()) {
      if (i === j || !contains(outer.location, inner.location)) continue;
      throw new StorageUnusableError(
        `The storages '${outerName}' (${outer.location}) and '${innerName}' (${inner.location}) lie over one place, ` +
          'so that each would delete what the other still counts. Give each a place of its own, side by side' +
          ([outer, inner].some(({ location }) => anyHost.test(location))
            ? ', or name the endpoint of each, if they are different servers.'
            : '.'),
        { context: { storages: [outerName, innerName], locations: [outer.location, inner.location] } },
      );
    }
  }
}

/** By whole segments: `file:///m` contains `file:///m/sub`, but not `file:///m2`. */
function contains(outer: string, inner: string): boolean {
  const isAnyHost = [outer, inner].some((location) => anyHost.test(location));
  const [one, other] = [outer, inner].map((location) =>
    withSlash(isAnyHost ? location.replace(host, '$1*') : location),
  ) as [string, string];
  return other.startsWith(one);
}

function withSlash(location: string): string {
  return location.endsWith('/') ? location : `${location}/`;
}

function invalid(option: string, received: unknown, expected: string): InvalidOptionError {
  return new InvalidOptionError(
    `\`${option}\` must be ${expected}. Received: ${inspect(received, { depth: 0, breakLength: Infinity })}.`,
    {
      context: { option, received },
    },
  );
}

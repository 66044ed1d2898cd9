import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './error-code.js';

/** Of the folders whose names are kept for the next look: a few levels of a path, about 10 MiB of names each at most. */
const foldersMax = 10;
const namesMax = 100_000;
/** Somebody may rename what lies there. */
const keptMs = 10_000;

/** The same name to a file system that ignores case, or how accents are composed; unchanged where there is no such. */
const respellings: readonly ((name: string) => string)[] = [
  (name) => name.replace(/[a-z]/i.test(name) ? /[a-z]/i : /[\p{Ll}\p{Lu}]/u, otherCase),
  (name) => (name.normalize('NFD') === name ? name.normalize('NFC') : name.normalize('NFD')),
];

/**
 * Tells whether a file that was found lies there by exactly the name that was asked for. Some file systems find it by other
 * spellings as well, and two keys would be one object: deleting one would delete the other.
 */
export class ExactNames {
  readonly #kept = new Map<string, { readonly names: Promise<Set<string>>; readonly readAtMs: number }>();

  /** Of a path below the root. Costs one look for another spelling, and reads folders only where one is found. */
  async hold(root: string, path: string): Promise<boolean> {
    if (!(await isFoundRespelled(root, path))) return true;
    for (let lower = path; lower !== root; lower = dirname(lower)) {
      if (!(await this.#holds(dirname(lower), basename(lower)))) return false;
    }
    return true;
  }

  async #holds(folder: string, name: string): Promise<boolean> {
    const kept = this.#kept.get(folder);
    if (kept !== undefined && performance.now() - kept.readAtMs < keptMs && (await kept.names).has(name)) {
      return true;
    }
    return (await this.#read(folder)).has(name);
  }

  #read(folder: string): Promise<Set<string>> {
    const names = readdir(folder).then((list) => new Set(list));
    if (this.#kept.size >= foldersMax) this.#kept.clear();
    this.#kept.set(folder, { names, readAtMs: performance.now() });
    const forget = () => this.#kept.delete(folder);
    names.then(({ size }) => size > namesMax && forget(), forget);
    return names;
  }
}

/** Asks about the lowest name that has another spelling: what folds names in a folder folds them in those below it. */
async function isFoundRespelled(root: string, path: string): Promise<boolean> {
  for (const respell of respellings) {
    let lowest = path;
    while (lowest !== root && respell(basename(lowest)) === basename(lowest)) lowest = dirname(lowest);
    if (lowest !== root && (await mayBeThere(join(dirname(lowest), respell(basename(lowest)))))) return true;
  }
  return false;
}

/** Where the system cannot tell, the folder's names have to. */
async function mayBeThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => !['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? ''),
  );
}

function otherCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}

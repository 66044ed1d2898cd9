import type { FileStorage } from '../storage/storage.js';
import { abandonedCases } from './contract/abandoned-cases.js';
import { ContractSubject } from './contract/contract-subject.js';
import type { ContractSizes } from './contract/contract-case.js';
import { deleteCases } from './contract/delete-cases.js';
import { failedWriteCases } from './contract/failed-write-cases.js';
import { keyCases } from './contract/key-cases.js';
import { listCases } from './contract/list-cases.js';
import { placeCases } from './contract/place-cases.js';
import { readCases } from './contract/read-cases.js';
import { statCases } from './contract/stat-cases.js';
import { writeCases } from './contract/write-cases.js';

export interface StorageContractOptions {
  /**
   * Makes the storage under test; called once for each case. It may stand over a place that is used already: every case keeps
   * to keys of its own and removes them, unless a call hung.
   */
  readonly makeStorage: () => FileStorage | Promise<FileStorage>;
  /** Called after each case with its storage, e.g. to close a client. */
  readonly disposeStorage?: ((storage: FileStorage) => unknown) | undefined;
  /**
   * Lists what lies in the storage: objects, temporary ones and unfinished multipart uploads, in any notation. With it the
   * contract also finds what is left behind out of sight; nobody else may write there meanwhile.
   */
  readonly list?: ((storage: FileStorage) => Promise<readonly string[]>) | undefined;
  /** What all keys begin with. Default `storage-contract/`. */
  readonly prefix?: string | undefined;
  /** Size of the large content in bytes. Default 9 MiB, more than the first part of a multipart upload. At least 1,000. */
  readonly largeBytes?: number | undefined;
  /** Objects written for one bulk deletion, which names as many absent ones. Default 1,000, at least 2. */
  readonly manyObjects?: number | undefined;
  /**
   * How long one call may take until it counts as hanging, in milliseconds. Default 10,000. Give the test runner more time
   * than that, so that the failure names the call.
   */
  readonly timeoutMs?: number | undefined;
}

export interface StorageContractCase {
  /** The behaviour, e.g. `delete: leaves every other object alone`. */
  readonly name: string;
  /**
   * Resolves when the storage behaves so.
   *
   * @throws AssertionError of `node:assert`, whose message says which call is broken, what it did and what was due.
   */
  readonly run: () => Promise<void>;
}

/**
 * What the registry needs of every storage, as cases for any test runner. A storage that passes them can be trusted with the
 * registry's promise, except for durability, which no test inside one process can see. Touches nothing before a case is run;
 * the cases may run in any order, one at a time where `list` is given.
 *
 * ```ts
 * import test from 'node:test';
 * import { storageContract } from 'nestjs-file-registry/testing';
 *
 * for (const { name, run } of storageContract({ makeStorage: () => new FtpStorage('ftp://localhost/test') })) {
 *   test(name, run);
 * }
 * ```
 *
 * @throws RangeError for a number out of bounds.
 */
export function storageContract(options: StorageContractOptions): StorageContractCase[] {
  const sizes: ContractSizes = {
    largeBytes: atLeast(1000, 'largeBytes', options.largeBytes ?? 9 * 1024 * 1024),
    manyObjects: atLeast(2, 'manyObjects', options.manyObjects ?? 1000),
  };
  const timeoutMs = atLeast(1, 'timeoutMs', options.timeoutMs ?? 10_000);
  const cases = [
    ...placeCases(),
    ...writeCases(sizes),
    ...failedWriteCases(),
    ...readCases(sizes),
    ...keyCases(),
    ...statCases(),
    ...listCases(),
    ...deleteCases(sizes),
    ...abandonedCases(),
  ];
  return cases.map(({ name, run }) => ({
    name,
    run: () => runCase(options, timeoutMs, run),
  }));
}

async function runCase(
  { makeStorage, disposeStorage, list, prefix = 'storage-contract/' }: StorageContractOptions,
  timeoutMs: number,
  run: (subject: ContractSubject) => Promise<void>,
): Promise<void> {
  const storage = await makeStorage();
  const subject = new ContractSubject({ storage, prefix, timeoutMs, list: list && (() => list(storage)) });
  try {
    await subject.begin();
    await run(subject);
  } finally {
    await subject.end();
    await disposeStorage?.(storage);
  }
}

function atLeast(min: number, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new RangeError(`${option}: expected a whole number from ${min}, received ${String(value)}.`);
}

import { AssertionError } from 'node:assert';
import { memoryStorage, storageContract } from 'nestjs-file-registry/testing';
import { describe, expect, test } from 'vitest';
import { brokenDeletes } from './broken/deletes.js';
import { brokenFailedWrites } from './broken/failed-writes.js';
import { brokenKeys } from './broken/keys.js';
import { brokenReads } from './broken/reads.js';
import type { BrokenStorage, Sabotage } from './broken/sabotage.js';
import { brokenWrites } from './broken/writes.js';

const sabotages: Sabotage[] = [
  ...brokenWrites,
  ...brokenFailedWrites,
  ...brokenReads,
  ...brokenKeys,
  ...brokenDeletes,
];
const sizes = { largeBytes: 200_000, manyObjects: 20 };

describe('the contract finds', () => {
  test.each(sabotages.map((sabotage) => [sabotage.fault, sabotage] as const))(
    '%s',
    async (_fault, sabotage) => {
      const { breaks, says, make, hangs } = sabotage;
      const cases = storageContract({
        ...sizes,
        makeStorage: make,
        list: (storage) => (storage as BrokenStorage).list(),
        ...(hangs === true && { timeoutMs: 1000 }),
      });
      const run = cases.find(({ name }) => name === breaks)?.run;
      if (run === undefined) throw new Error(`The contract has no case '${breaks}'.`);

      const failure = await run().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AssertionError);
      expect((failure as AssertionError).message).toMatch(says);
    },
  );
});

test('each case of the contract is failed by some broken storage', () => {
  const cases = storageContract({ ...sizes, makeStorage: () => memoryStorage() }).map(({ name }) => name);
  const broken = new Set(sabotages.map(({ breaks }) => breaks));
  expect(cases.filter((name) => !broken.has(name))).toEqual([]);
  expect(new Set(cases).size, 'no name twice').toBe(cases.length);
});

test('a run leaves nothing in the storage, disposes of it, and touches nothing before', async () => {
  const made: ReturnType<typeof memoryStorage>[] = [];
  const disposed: unknown[] = [];
  const cases = storageContract({
    ...sizes,
    makeStorage: () => {
      const storage = memoryStorage();
      made.push(storage);
      return storage;
    },
    disposeStorage: (storage) => void disposed.push(storage),
  });
  expect(made).toEqual([]);

  for (const { run } of cases) await run();
  expect(made).toHaveLength(cases.length);
  expect(disposed).toEqual(made);
  expect(made.flatMap((storage) => storage.keys())).toEqual([]);
});

test('numbers out of bounds are refused by name', () => {
  const makeStorage = () => memoryStorage();
  expect(() => storageContract({ makeStorage, largeBytes: 1 })).toThrow(
    /^largeBytes: expected .* received 1/,
  );
  expect(() => storageContract({ makeStorage, manyObjects: Number.NaN })).toThrow(/^manyObjects/);
  expect(() => storageContract({ makeStorage, timeoutMs: 0 })).toThrow(/^timeoutMs/);
});

import { AssertionError } from 'node:assert';
import { memoryStorage, storageContract } from 'nestjs-file-registry/testing';
import { describe, expect, test } from 'vitest';
import { brokenDeletes } from './broken/deletes.js';
import { brokenFailedWrites } from './broken/failed-writes.js';
import { brokenKeys } from './broken/keys.js';
import { brokenListings } from './broken/listings.js';
import { brokenReads } from './broken/reads.js';
import type { BrokenStorage, Sabotage } from './broken/sabotage.js';
import { brokenWrites } from './broken/writes.js';

const sabotages: Sabotage[] = [
  ...brokenWrites,
  ...brokenFailedWrites,
  ...brokenReads,
  ...brokenKeys,
  ...brokenListings,
  ...brokenDeletes,
];
const sizes = { largeBytes: 200_000, manyObjects: 20 };

const byFault = (chosen: Sabotage[]) => chosen.map((sabotage) => [sabotage.fault, sabotage] as const);

describe('the contract finds', () => {
  test.each(byFault(sabotages.filter(({ hangs }) => hangs !== true)))('%s', async (_fault, sabotage) => {
    expect(await messageOf(sabotage)).toMatch(sabotage.says);
  });
});

// Together, because each lasts as long as the contract waits for an answer.
describe.concurrent('the contract does not wait for ever for', () => {
  test.each(byFault(sabotages.filter(({ hangs }) => hangs === true)))('%s', async (_fault, sabotage) => {
    expect(await messageOf(sabotage, { timeoutMs: 3000 })).toMatch(sabotage.says);
  });
});

/** What the case says that has to find the fault. */
async function messageOf({ breaks, make }: Sabotage, options: { timeoutMs?: number } = {}): Promise<string> {
  const cases = storageContract({
    ...sizes,
    ...options,
    makeStorage: make,
    list: (storage) => (storage as BrokenStorage).everything(),
  });
  const run = cases.find(({ name }) => name === breaks)?.run;
  if (run === undefined) throw new Error(`The contract has no case '${breaks}'.`);
  const failure = await run().catch((error: unknown) => error);
  if (failure instanceof AssertionError) return failure.message;
  throw new Error(`'${breaks}' did not fail as it should.`, { cause: failure });
}

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

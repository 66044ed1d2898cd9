import { memoryStorage, type MemoryStorage, storageContract } from 'nestjs-file-registry/testing';
import { describe, expect, test } from 'vitest';

describe.each([
  ['memoryStorage', {}],
  ['memoryStorage with versions', { versioned: true }],
])('%s keeps the storage contract', (_name, options) => {
  const cases = storageContract({
    makeStorage: () => memoryStorage(options),
    list: async (storage) => {
      const memory = storage as MemoryStorage;
      return [...memory.keys(), ...memory.uploading()];
    },
  });
  test.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (_case, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

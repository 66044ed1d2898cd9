import { localStorage } from 'nestjs-file-registry';
import { storageContract } from 'nestjs-file-registry/testing';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';

const media = await createTemporaryFolder('contract');

const cases = storageContract({
  makeStorage: () => localStorage({ root: media.path }),
  list: () => media.entries(),
});

test.each(cases.map(({ name, run }) => [name, run] as const))('localStorage: %s', async (_case, run) => {
  await expect(run()).resolves.toBeUndefined();
});

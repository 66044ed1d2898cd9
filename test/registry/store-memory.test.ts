import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { forkTypeScript } from '../support/fork-typescript.js';

const database = await createTestDatabase();
const media = await createTemporaryFolder('media');

test('storing 2 GiB raises the memory of the process by no more than 64 MiB', async () => {
  const worker = forkTypeScript(new URL('./store-memory-worker.ts', import.meta.url), [
    database.connectionString,
    media.path,
  ]);
  const ended = once(worker, 'exit');
  const [{ size, risenMiB }] = await once(worker, 'message');
  await ended;
  await media.remove(); // not to keep 2 GiB until the end of the file

  expect(size).toBe(2 * 1024 ** 3);
  expect(risenMiB).toBeLessThanOrEqual(64);
}, 120_000);

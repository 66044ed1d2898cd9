import { expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { TemporaryFolder } from '../support/temporary-folder.js';
import { runScript } from './run-script.js';

const database = await createTestDatabase();

test('the example of the README runs', async () => {
  await using folder = await TemporaryFolder.create('quick-start');
  const { ended } = runScript('quick-start.ts', {
    cwd: folder.path,
    env: { DATABASE_URL: database.connectionString },
  });

  expect(await ended).toEqual({ exitCode: 0, stderr: '', stdout: 'photo.jpg: 26 bytes, 1 reference\n' });
  expect(await folder.files()).toEqual([expect.stringMatching(/^media\/.*photo\.jpg$/)]);
  await assertLaws({ admin: database.pool(), storages: { media: `${folder.path}/media` } });
});

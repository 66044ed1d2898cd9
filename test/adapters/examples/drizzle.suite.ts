import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exampleContract } from './support/example-contract.js';
import { folderOf } from './support/example.js';
import { linkPackages } from './support/link-packages.js';
import { runQuietly } from './support/run-quietly.js';
import { typeErrors } from './support/type-errors.js';

const folder = folderOf('drizzle');
await linkPackages('drizzle');

await exampleContract({
  name: 'drizzle',
  async migrate({ connectionString }) {
    const env = { DATABASE_URL: connectionString };
    await runQuietly('drizzle/src/migrate.ts', { cwd: folder, env });
  },
  refusal: {
    cause: {
      message: expect.stringMatching(
        /^article\.cover_id of row \d+ names [0-9a-f-]{36}, which is deleted already$/,
      ),
      code: '23503',
      table: 'article',
      column: 'cover_id',
    },
  },
});

test('its custom migration is what the script prints', async () => {
  const printed = await runQuietly('drizzle/print-tracking.js');
  expect(await readFile(join(folder, 'drizzle/0001_track_files.sql'), 'utf8')).toBe(printed);
});

test('it compiles, and so does its page', { timeout: 120_000 }, () => {
  expect(typeErrors('drizzle')).toEqual([
    expect.stringMatching(/^src\/wrong\.ts: Type 'typeof Articles' is not assignable/),
  ]);
});

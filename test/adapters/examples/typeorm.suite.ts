import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exampleContract } from './support/example-contract.js';
import { folderOf } from './support/example.js';
import { linkPackages } from './support/link-packages.js';
import { runQuietly } from './support/run-quietly.js';
import { typeErrors } from './support/type-errors.js';

await linkPackages('typeorm');

/** TypeORM's command line, as the example's package.json calls it. */
async function typeorm(command: string, url: string): Promise<void> {
  await runQuietly('typeorm/node_modules/typeorm/cli.js', {
    args: [command, '--dataSource', join(folderOf('typeorm'), 'src/data-source.ts')],
    env: { DATABASE_URL: url },
  });
}

await exampleContract({
  name: 'typeorm',
  async migrate({ connectionString }) {
    await typeorm('migration:run', connectionString);
    await typeorm('migration:revert', connectionString);
    await typeorm('migration:run', connectionString);
  },
  refusal: {
    message: expect.stringMatching(
      /^article\.cover_id of row \d+ names [0-9a-f-]{36}, which is deleted already$/,
    ),
    driverError: { code: '23503', table: 'article', column: 'cover_id' },
  },
});

test('it compiles, and so does its page', { timeout: 120_000 }, () => {
  expect(typeErrors('typeorm')).toEqual([
    expect.stringMatching(/^src\/wrong\.ts: Type 'typeof Articles' is not assignable/),
  ]);
});

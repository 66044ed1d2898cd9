import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { exampleContract } from './support/example-contract.js';
import { folderOf } from './support/example.js';
import { linkPackages } from './support/link-packages.js';
import { runQuietly } from './support/run-quietly.js';
import { typeErrors } from './support/type-errors.js';

const folder = folderOf('prisma');
const migrations = join(folder, 'prisma/migrations');

await linkPackages('prisma');
await promisify(execFile)(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
  cwd: folder,
  // With a driver adapter the client needs no engine; naming any program keeps Prisma from fetching one.
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
});
await runQuietly('prisma/print-registry-migration.js');

await exampleContract({
  name: 'prisma',
  // As `prisma migrate deploy` does, which needs an engine that is not in any package: each folder's script, in order.
  async migrate(database) {
    const names = (await readdir(migrations)).filter((name) => !name.endsWith('.toml')).sort();
    for (const name of names) {
      await database.pool().query(await readFile(join(migrations, name, 'migration.sql'), 'utf8'));
    }
  },
  refusal: {
    code: 'P2003',
    meta: {
      driverAdapterError: {
        cause: {
          originalMessage: expect.stringMatching(
            /^article\.cover_id of row \d+ names [0-9a-f-]{36}, which is deleted already$/,
          ),
          constraint: { fields: ['cover_id'] },
        },
      },
    },
  },
});

test('its migration ends with what the script prints', async () => {
  const printed = await runQuietly('prisma/print-tracking.js');
  const [, checkedIn] = (
    await readFile(join(migrations, '20260101000001_articles/migration.sql'), 'utf8')
  ).split('-- Printed by print-tracking.js\n');
  expect(checkedIn).toBe(printed);
});

test('it compiles, and so does its page', { timeout: 120_000 }, () => {
  expect(typeErrors('prisma')).toEqual([
    expect.stringMatching(/^src\/wrong\.ts: Type 'typeof Articles' is not assignable/),
  ]);
});

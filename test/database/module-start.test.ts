import { Test, type TestingModule } from '@nestjs/testing';
import {
  DatabaseUnavailableError,
  FileRegistry,
  FileRegistryModule,
  type FileRegistryOptions,
  localStorage,
  migrate,
  SchemaOutdatedError,
} from 'nestjs-file-registry';
import { Pool } from 'pg';
import { afterAll, afterEach, expect, test } from 'vitest';
import { readMigrations } from '../../src/database/migrations.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createEmptyDatabase } from './support/create-empty-database.js';

const database = await createEmptyDatabase();
const pool = database.pool();
const media = await createTemporaryFolder('media');
const newest = (await readMigrations('file_registry')).at(-1)!.name;

// Port 1 of the loopback is reserved and refuses at once.
const nowhere = new Pool({ host: '127.0.0.1', port: 1, user: 'nobody', database: 'nothing' });
afterAll(() => nowhere.end());

const opened: TestingModule[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((module) => module.close()));
  await pool.query('drop schema if exists file_registry cascade; drop schema if exists "My Files" cascade');
});

async function start(options: Partial<FileRegistryOptions> = {}): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: pool,
        storages: { media: localStorage({ root: media.path }) },
        processor: { enabled: false },
        ...options,
      }),
    ],
  }).compile();
  await module.init();
  opened.push(module);
  return module;
}

test('without a schema the application does not start, and is told the call that makes it', async () => {
  const refusal = await start().catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(SchemaOutdatedError);
  expect(refusal).toMatchObject({
    code: 'SCHEMA_OUTDATED',
    context: { schema: 'file_registry', found: undefined, expected: newest },
    message: expect.stringMatching(
      /missing.*migrate\(database, \{ schema: "file_registry" \}\).*migrate: 'run'/,
    ),
  });
});

test('behind its version the application does not start, and is told both', async () => {
  await migrate(pool, { schema: 'My Files' });
  await pool.query(`delete from "My Files".migrations where name <> '0001-tables'`);

  await expect(start({ schema: 'My Files' })).rejects.toMatchObject({
    code: 'SCHEMA_OUTDATED',
    context: { found: '0001-tables', expected: newest },
    message: expect.stringMatching(/at 0001-tables.*needs .*migrate\(database, \{ schema: "My Files" \}\)/),
  });
});

test.for(['check', 'run'] as const)(
  'at its version and ahead of it the application starts (%s)',
  async (option) => {
    await migrate(pool);
    await expect(start({ migrate: option })).resolves.toBeDefined();
    await pool.query(
      `insert into file_registry.migrations (name, "timestamp") values ('9999-later', now()::text)`,
    );
    await expect(start({ migrate: option })).resolves.toBeDefined();
  },
);

test("migrate: 'run' makes the schema, ten instances at once make it once", async () => {
  await Promise.all(Array.from({ length: 10 }, () => start({ migrate: 'run' })));
  const { rows } = await pool.query(
    'select count(*)::int as steps, max(name) as newest from file_registry.migrations',
  );
  expect(rows).toEqual([{ steps: expect.any(Number), newest }]);
});

test("migrate: 'off' asks nothing, and the first call says what is missing", async () => {
  const files = (await start({ migrate: 'off' })).get(FileRegistry);
  await expect(files.count('01900000-0000-7000-8000-000000000001')).rejects.toBeInstanceOf(
    SchemaOutdatedError,
  );

  await migrate(pool);
  expect(await files.count('01900000-0000-7000-8000-000000000001')).toBe(0);
  await start({ migrate: 'off', database: nowhere });
});

test.for(['check', 'run'] as const)('a database that is away is called so (%s)', async (option) => {
  const refusal = await start({ migrate: option, database: nowhere }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(DatabaseUnavailableError);
  expect(refusal).toMatchObject({ retryable: true, message: expect.stringContaining('ECONNREFUSED') });
});

import { join } from 'node:path';
import { trackedColumns } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { databaseUrl } from '../support/database-url.js';
import { runScript, runTool } from './support/dump.js';
import {
  createEmptyDatabase,
  createOrdinaryDatabase,
  type OrdinaryDatabase,
  schema,
} from './support/ordinary-database.js';
import {
  createTrackedTables,
  expectTracked,
  fillTables,
  storeFiles,
  writeEverything,
} from './support/tracked-tables.js';

// A dump takes the tracking with it: table, triggers, functions, and which relation is meant.
const original = await createOrdinaryDatabase();
const asOwner = original.database.pool({ role: original.owner, max: 2 });
const files = await storeFiles(original.admin);
await createTrackedTables(asOwner, original.application.name);
await fillTables(original.database.pool({ role: original.application, max: 1 }), files);
const folder = await createTemporaryFolder('tracked-dump');
const dumpFile = (name: string) => join(folder.path, name);
const dump = (name: string, ...args: string[]) =>
  runTool('pg_dump', [...args, `--file=${dumpFile(name)}`, original.database.connectionString]);

const targets = {
  plain: await createEmptyDatabase(),
  custom: await createEmptyDatabase(),
  data: await createEmptyDatabase(),
};

async function waysTracked({ database, admin }: OrdinaryDatabase): Promise<number> {
  // Types and relations of the application have other oids here than where the functions were written.
  const columns = await trackedColumns(admin, { registrySchema: schema });
  expect(columns.map(({ state }) => state)).toEqual(columns.map(() => 'tracking'));
  expect(columns).toHaveLength(5);
  await expectTracked(admin);
  await admin.query('delete from "Shop"."Ärticle"; truncate "Shop".page, "Shop".event');
  await expectTracked(admin);
  const ways = await writeEverything(database.pool({ max: 1 }), admin, files);
  await assertLaws({ admin, schema, storages: {} });
  return ways;
}

test('restored by psql', async () => {
  await targets.plain.admin.query('create type public.shift_the_oids as enum ()');
  await dump('plain.sql');
  await runScript(targets.plain.database.connectionString, dumpFile('plain.sql'));
  expect(await waysTracked(targets.plain)).toBeGreaterThan(17);
});

test('restored by pg_restore as an ordinary role, from several jobs', async () => {
  const { custom } = targets;
  await dump('custom', '--format=custom', '--no-owner', '--no-privileges');
  await runTool('pg_restore', [
    '--exit-on-error',
    '--no-owner',
    '--jobs=2',
    `--dbname=${databaseUrl(custom.database.connectionString, custom.database.name, custom.owner)}`,
    dumpFile('custom'),
  ]);
  expect(await waysTracked(custom)).toBeGreaterThan(17);
});

test('restored as schema, then data with its triggers disabled', async () => {
  const { data } = targets;
  await dump('schema.sql', '--schema-only');
  await dump('data.sql', '--data-only', '--disable-triggers');
  await runScript(data.database.connectionString, dumpFile('schema.sql'));
  await runScript(data.database.connectionString, dumpFile('data.sql'));
  expect(await waysTracked(data)).toBeGreaterThan(17);
});

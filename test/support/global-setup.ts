import { rmSync } from 'node:fs';
import { chmod, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { createTemplate } from './create-template.js';
import { dropDatabases } from './drop-databases.js';
import { endProcesses, runVariable } from './end-processes.js';
import { openPostgres } from './open-postgres.js';
import { removeDeadFolders, runFolderPrefix } from './remove-dead-folders.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser's connection string to the run's server, and the migrated database that test files clone. */
    postgres: { connectionString: string; template: string; prefix: string };
  }
}

/** Some command-line tools have Node keep compiled code there; it is no test's doing. */
const nodesOwn = 'node-compile-cache';

/**
 * Once a run: one PostgreSQL, one migrated template database, one folder for everything temporary. The end checks that the
 * tests left nothing behind, removes it all the same, and fails the run if there was anything.
 */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const run = process.pid.toString(36) + Date.now().toString(36);
  const prefix = `registry_test_${run}_`;

  await using undo = new AsyncDisposableStack();

  const postgres = await openPostgres();
  undo.defer(() => postgres.stop());
  const admin = new Client({ connectionString: postgres.connectionString, application_name: 'global-setup' });
  await admin.connect();
  undo.defer(() => admin.end());

  await dropDatabases(admin, 'of runs that died');
  await admin.query('select pg_advisory_lock(hashtext($1))', [prefix]);
  const template = await createTemplate(admin, postgres.connectionString, prefix);
  undo.defer(async () => {
    await admin.query(`alter database ${template} is_template false`);
    await admin.query(`drop database ${template}`);
  });
  provide('postgres', { connectionString: postgres.connectionString, template, prefix });

  // Workers and their children inherit both: their temporary files land here, and none of them can hide.
  await removeDeadFolders();
  const folder = await mkdtemp(join(tmpdir(), `${runFolderPrefix}${process.pid}-`));
  await chmod(folder, 0o711); // a server that a test starts may run as another user
  process.env['TMPDIR'] = process.env['TEMP'] = process.env['TMP'] = folder;
  process.env[runVariable] = run;
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  process.once('exit', removeFolder);
  undo.defer(removeFolder);

  const tearDown = undo.move();
  return async () => {
    const left = [
      ...(await endProcesses(run)).map((process) => `process ${process}`),
      ...(await readdir(folder))
        .filter((name) => name !== nodesOwn)
        .map((name) => `temporary file or folder ${name}`),
      ...(await dropDatabases(admin, prefix)).map((name) => `database ${name}`),
    ];
    await tearDown.disposeAsync();
    if (left.length > 0) throw new Error(`The tests left behind:\n  ${left.join('\n  ')}`);
  };
}

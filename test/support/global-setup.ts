import { rmSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
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

/**
 * Once a run: one PostgreSQL, one migrated template database, one folder for everything temporary. The end checks that the
 * tests left nothing behind, removes it all the same, and fails the run if there was anything.
 */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const run = process.pid.toString(36) + Date.now().toString(36);
  const prefix = `registry_test_${run}_`;

  const postgres = await openPostgres();
  const admin = new Client({ connectionString: postgres.connectionString, application_name: 'global-setup' });
  await admin.connect();
  await dropDatabases(admin, 'of runs that died');
  await admin.query('select pg_advisory_lock(hashtext($1))', [prefix]);
  const template = await createTemplate(admin, postgres.connectionString, prefix);
  provide('postgres', { connectionString: postgres.connectionString, template, prefix });

  // Workers and their children inherit both: their temporary files land here, and none of them can hide.
  await removeDeadFolders();
  const folder = await mkdtemp(join(tmpdir(), `${runFolderPrefix}${process.pid}-`));
  await chmod(folder, 0o711); // a server that a test starts may run as another user
  process.env['TMPDIR'] = process.env['TEMP'] = process.env['TMP'] = folder;
  process.env[runVariable] = run;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

  return async () => {
    const left = [
      ...(await endProcesses(run)).map((process) => `process ${process}`),
      ...(await readdir(folder)).map((name) => `temporary file or folder ${name}`),
      ...(await dropDatabases(admin, prefix)).map((name) => `database ${name}`),
    ];
    await admin.query(`alter database ${template} is_template false`);
    await admin.query(`drop database ${template}`);
    await admin.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`The tests left behind:\n  ${left.join('\n  ')}`);
  };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { escapeIdentifier } from 'pg';
import type { Queryable } from '../../support/queryable.js';
import { tables } from './ordinary-database.js';

const run = promisify(execFile);

/** Runs pg_dump, pg_restore or psql; rejects with what it printed. */
export async function runTool(
  name: 'pg_dump' | 'pg_restore' | 'psql',
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await run(name, args, {
    env: { ...process.env, LC_ALL: 'C', ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Runs a script; all of it or nothing. */
export function runScript(
  connectionString: string,
  file: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const args = ['--no-psqlrc', '--quiet', '--single-transaction', '--set=ON_ERROR_STOP=1'];
  return runTool('psql', [...args, `--file=${file}`, connectionString], environment);
}

/** Every row of every table of the registry, to compare one database with another. */
export async function rowsOf(admin: Queryable): Promise<Record<string, string[]>> {
  const names = ['files', 'file_references', 'deletion_outbox', 'deletions', 'adopted_keys', 'settings'];
  const all: Record<string, string[]> = {};
  for (const name of [...names, 'migrations']) {
    const { rows } = await admin.query(`select t::text as row from ${tables}.${escapeIdentifier(name)} t`);
    all[name] = rows.map(({ row }: { row: string }) => row).toSorted();
  }
  return all;
}

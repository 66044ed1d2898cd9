import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findBinary } from './find-binary.js';

export interface SkippedSuite {
  readonly file: string;
  readonly because: string;
}

/** Begins the line that says so, for who reads the output. */
export const skippedMark = 'Skipped:';

/** The parts of the suite that this machine has no programs for, on a server of this major version. */
export async function skippedSuites(serverVersion: number): Promise<SkippedSuite[]> {
  const noDump = await obstacleToDump(serverVersion);
  return [
    { file: 'pgbouncer.suite.ts', because: await obstacleToPgBouncer() },
    { file: 'dump-and-restore.suite.ts', because: noDump },
    { file: 'tracked-columns-restored.suite.ts', because: noDump },
  ].filter((suite): suite is SkippedSuite => suite.because !== undefined);
}

async function obstacleToPgBouncer(): Promise<string | undefined> {
  return (await findBinary('pgbouncer')) === undefined
    ? 'pgbouncer is not installed (Debian: apt-get install pgbouncer)'
    : undefined;
}

async function obstacleToDump(serverVersion: number): Promise<string | undefined> {
  for (const name of ['pg_dump', 'pg_restore', 'psql']) {
    if ((await findBinary(name)) === undefined) {
      return `${name} is not installed (Debian: apt-get install postgresql-client)`;
    }
  }
  const { stdout } = await promisify(execFile)('pg_dump', ['--version']);
  const version = Number.parseInt(/\d+/.exec(stdout)?.[0] ?? '0', 10);
  return version < serverVersion ? `pg_dump ${version} dumps no server newer than itself` : undefined;
}

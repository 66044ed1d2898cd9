import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { OpenPostgres } from './open-postgres.js';

/** A PostgreSQL in a container; undefined where Docker does not answer within two seconds. */
export async function startContainer(): Promise<OpenPostgres | undefined> {
  const docker = promisify(execFile)('docker', ['info'], { timeout: 2_000, killSignal: 'SIGKILL' });
  if (!(await docker.then(() => true).catch(() => false))) return undefined;

  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const container = await new PostgreSqlContainer('postgres:18-alpine')
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=200'])
    .start();
  return {
    connectionString: container.getConnectionUri(),
    stop: async () => void (await container.stop()),
  };
}

import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { startPostgres } from '../../test/support/start-postgres.js';
import { databaseUrl } from '../../test/support/database-url.js';

export interface DemoDatabase {
  connectionString: string;
  /** Such as `PostgreSQL 18.0`. */
  server: string;
}

/** A new database on the server that DATABASE_URL names, else on one that is started for it; gone when it is disposed of. */
export async function createDemoDatabase(disposal: AsyncDisposableStack): Promise<DemoDatabase> {
  const server = process.env['DATABASE_URL'] || (await ownServer(disposal));
  const name = `file_registry_demo_${randomBytes(6).toString('hex')}`;

  const admin = new Client({ connectionString: server });
  admin.on('error', () => {}); // the next query says so, too
  await admin.connect();
  disposal.defer(() => admin.end());
  await admin.query(`create database ${name}`);
  disposal.defer(async () => void (await admin.query(`drop database ${name} with (force)`)));

  const { rows } = await admin.query<{ server_version: string }>('show server_version');
  return {
    connectionString: databaseUrl(server, name),
    server: `PostgreSQL ${rows[0]?.server_version.split(' ')[0]}`,
  };
}

async function ownServer(disposal: AsyncDisposableStack): Promise<string> {
  const postgres = await startPostgres();
  disposal.defer(() => postgres.stop());
  return postgres.connectionString;
}

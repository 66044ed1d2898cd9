import { Pool, type Client } from 'pg';
import { migrate } from '../../src/database/migrate.js';
import { databaseUrl } from './database-url.js';

/** Creates the migrated database that every test file clones: 50 ms instead of running all migrations again. */
export async function createTemplate(admin: Client, server: string, prefix: string): Promise<string> {
  const template = `${prefix}template`;
  await admin.query(`create database ${template}`);

  const pool = new Pool({ connectionString: databaseUrl(server, template), max: 2 });
  try {
    await migrate(pool);
  } finally {
    await pool.end();
  }
  // Cloning fails while anybody is connected to the template.
  await admin.query(`alter database ${template} is_template true allow_connections false`);
  return template;
}

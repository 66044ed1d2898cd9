import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { migrate as migrateRegistry } from 'nestjs-file-registry';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env['DATABASE_URL'] });
await migrateRegistry(pool); // first: Drizzle's migrations track columns
await migrate(drizzle(pool), { migrationsFolder: './drizzle' });
await pool.end();

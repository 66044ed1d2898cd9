import { mkdir } from 'node:fs/promises';
import { Kysely, PostgresDialect } from 'kysely';
import { localStorage } from 'nestjs-file-registry';
import { sharpMaker } from 'nestjs-file-registry/sharp';
import { Pool } from 'pg';
import type { Database } from '../app/database.module.js';
import { migrateToLatest } from '../app/migrations.js';
import type { HttpSettings } from './core.module.js';

/** From `DATABASE_URL` and `MEDIA`, a folder; makes the folder and the tables where they are not there yet. */
export async function settingsFromEnvironment(): Promise<HttpSettings> {
  const { DATABASE_URL: databaseUrl, MEDIA: root = './media' } = process.env;
  if (databaseUrl === undefined) throw new Error('Set DATABASE_URL to an empty database.');
  await mkdir(root, { recursive: true });
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: databaseUrl, max: 1 }) }),
  });
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
  return {
    databaseUrl,
    media: localStorage({ root }),
    uploadMaxBytes: 20 * 1024 * 1024,
    renditions: {
      maker: sharpMaker(),
      sets: { covers: [{ size: 'crop-400x400' }, { size: 'thumbnail-200x200', filter: 'grayscale' }] },
    },
  };
}

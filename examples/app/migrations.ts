import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { up } from 'nestjs-file-registry';
import type { Database } from './database.module.js';

const migrations: Record<string, Migration> = {
  // The registry's schema as one migration among the application's own. A version of the registry that brings new
  // migrations gets another entry like this one.
  '0001-file-registry': { up: (db) => up(db) },

  '0002-article': {
    up: (db) =>
      db.schema
        .createTable('article')
        .addColumn('id', 'integer', (column) => column.primaryKey().generatedAlwaysAsIdentity())
        .addColumn('title', 'text', (column) => column.notNull().unique())
        .execute(),
  },
};

/** Brings the database up to date; to be run before the application starts. */
export async function migrateToLatest(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

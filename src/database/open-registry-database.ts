import type { ResolvedOptions } from '../options/resolve-options.js';
import { checkSchema } from './check-schema.js';
import { migrate } from './migrate.js';
import { RegistryDatabase } from './registry-database.js';

/**
 * The database and the storages, checked before anything can be injected that uses them.
 *
 * @throws SchemaOutdatedError, MigrationFailedError, DatabaseUnavailableError, StorageUnusableError
 */
export async function openRegistryDatabase(options: ResolvedOptions): Promise<RegistryDatabase> {
  const database = new RegistryDatabase(options.database, options.schema);
  if (options.migrate === 'run') {
    await migrate(options.database, { schema: options.schema });
  } else if (options.migrate === 'check') {
    await checkSchema(database.executor, options.schema);
  }
  for (const [, storage] of options.storages) {
    await storage.check();
  }
  return database;
}

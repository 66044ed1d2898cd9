import { afterAll, inject } from 'vitest';
import { TestDatabase } from './test-database.js';

/**
 * Clones the migrated template for the test file that calls it, at its top level, and drops the clone after the file's last
 * test, when it also checks that no connection was left open:
 *
 * ```ts
 * const database = await createTestDatabase();
 * const pool = database.pool();
 * ```
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { connectionString, template, prefix } = inject('postgres');
  const database = await TestDatabase.create({ server: connectionString, template, prefix });
  afterAll(() => database.drop());
  return database;
}

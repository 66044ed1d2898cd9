import { afterAll, inject } from 'vitest';
import { TestDatabase } from '../../support/test-database.js';

/** A database without the registry's schema, for the test file that calls it; dropped after its last test. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const { connectionString, prefix } = inject('postgres');
  const database = await TestDatabase.create({ server: connectionString, template: 'template0', prefix });
  afterAll(() => database.drop());
  return database;
}

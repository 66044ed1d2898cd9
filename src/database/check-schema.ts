import { SchemaOutdatedError } from '../errors/schema-outdated-error.js';
import { databaseError } from './database-error.js';
import type { Executor } from './executor.js';
import { readMigrations } from './migrations.js';
import { readSchemaVersion } from './schema-version.js';

/**
 * Resolves when the schema is at least as new as this package.
 *
 * @throws SchemaOutdatedError naming the call that brings it up to date.
 */
export async function checkSchema(executor: Executor, schema: string): Promise<void> {
  const migrations = await readMigrations(schema);
  const expected = migrations.at(-1)?.name ?? '';
  const found = await readSchemaVersion(executor, schema).catch((error: unknown) => {
    throw databaseError(error, 'The check of the schema');
  });
  if (found === undefined || found < expected) {
    throw new SchemaOutdatedError(
      `The registry's schema ${JSON.stringify(schema)} is ${found === undefined ? 'missing' : `at ${found}`}, this version needs ${expected}. ` +
        `Run migrate(database, { schema: ${JSON.stringify(schema)} }) before the application starts, or set the option migrate: 'run'.`,
      { context: { schema, found, expected } },
    );
  }
}

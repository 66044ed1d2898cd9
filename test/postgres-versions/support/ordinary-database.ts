import { escapeIdentifier, type Pool } from 'pg';
import { migrate } from 'nestjs-file-registry';
import { afterAll, inject } from 'vitest';
import { TestDatabase, type TestRole } from '../../support/test-database.js';

/** A name that breaks whatever forgets to quote it. */
export const schema = 'My "files"';
export const tables = escapeIdentifier(schema);

export interface OrdinaryDatabase {
  readonly database: TestDatabase;
  /** Owns the database and, after migrating, the registry's schema; may nothing else. */
  readonly owner: TestRole;
  /** Owns nothing; may use the schema and execute its functions. */
  readonly application: TestRole;
  /** Of the superuser, for looking and for letting time pass. */
  readonly admin: Pool;
}

/** An empty database for the test file that calls it, at its top level, without a superuser's privilege anywhere in it. */
export async function createEmptyDatabase(): Promise<OrdinaryDatabase> {
  const { connectionString, prefix } = inject('postgres');
  const database = await TestDatabase.create({ server: connectionString, template: 'template0', prefix });
  afterAll(() => database.drop());

  const [owner, application] = [await database.role(), await database.role()];
  const admin = database.pool({ max: 2 });
  await admin.query(`alter database ${database.name} owner to ${owner.name}`);
  return { database, owner, application, admin };
}

/** The same, migrated by its owner, who granted the application's role what the documentation says. */
export async function createOrdinaryDatabase(): Promise<OrdinaryDatabase> {
  const ordinary = await createEmptyDatabase();
  const pool = ordinary.database.pool({ role: ordinary.owner, max: 2 });
  await migrate(pool, { schema });
  await grantTo(ordinary.application, pool);
  return ordinary;
}

/** USAGE and EXECUTE, and nothing else. */
export async function grantTo(application: TestRole, owner: Pool, quotedSchema = tables): Promise<void> {
  await owner.query(`grant usage on schema ${quotedSchema} to ${application.name}`);
  await owner.query(`grant execute on all functions in schema ${quotedSchema} to ${application.name}`);
}

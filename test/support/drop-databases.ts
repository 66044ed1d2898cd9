import { type Client, escapeIdentifier } from 'pg';

interface TestDatabaseRow {
  name: string;
  prefix: string;
  isTemplate: boolean;
}

/**
 * Drops the test databases of one run, or those that runs left on a server of somebody's own when they were killed. A run
 * that lives holds an advisory lock on its prefix. Answers the names of what it dropped, the run's own template excepted.
 */
export async function dropDatabases(
  admin: Client,
  prefix: 'of runs that died' | (string & {}),
): Promise<string[]> {
  const { rows } = await admin.query<TestDatabaseRow>(
    `select datname as name, substring(datname from '^registry_test_[^_]+_') as prefix, datistemplate as "isTemplate"
       from pg_database
      where datname ~ '^registry_test_[^_]+_'
      order by datname`,
  );

  const dropped: string[] = [];
  for (const database of rows) {
    if (prefix === 'of runs that died' ? await isLocked(admin, database.prefix) : database.prefix !== prefix)
      continue;
    if (prefix === database.prefix && database.isTemplate) continue;

    const name = escapeIdentifier(database.name);
    if (database.isTemplate) await admin.query(`alter database ${name} is_template false`);
    await admin.query(`drop database if exists ${name} with (force)`);
    dropped.push(database.name);
  }
  return dropped;
}

async function isLocked(admin: Client, prefix: string): Promise<boolean> {
  const { rows } = await admin.query<{ free: boolean }>(
    'select pg_try_advisory_lock(hashtext($1)) as free, pg_advisory_unlock(hashtext($1))',
    [prefix],
  );
  return rows[0]?.free !== true;
}

import type { Executor } from './executor.js';
import { quoteIdentifier } from './quote-identifier.js';
import { sqlStateOf } from './sql-state.js';

/** The newest migration that the schema has; undefined where there is no registry. */
export async function readSchemaVersion(executor: Executor, schema: string): Promise<string | undefined> {
  try {
    const [row] = await executor.query(`select ${quoteIdentifier(schema)}.schema_version() as version`, []);
    return typeof row?.['version'] === 'string' ? row['version'] : undefined;
  } catch (error) {
    // No such schema, no such function.
    if (['3F000', '42883'].includes(sqlStateOf(error) ?? '')) {
      return undefined;
    }
    throw error;
  }
}

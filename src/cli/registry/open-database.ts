import type { DatabaseHandle } from '../../database/database-handle.js';
import { optionDefaults } from '../../options/option-defaults.js';
import { loadConfig } from '../config/load-config.js';
import type { CliSession } from '../session.js';

export interface OpenDatabase extends AsyncDisposable {
  readonly database: DatabaseHandle;
  readonly schema: string;
}

/** The database alone, with a schema or without: for migrations and tracking, which run with another role than the application's. */
export async function openDatabase(session: CliSession): Promise<OpenDatabase> {
  const config = await loadConfig(session);
  const schema = config.options.schema ?? optionDefaults.schema;
  return { database: config.database(), schema, [Symbol.asyncDispose]: () => config[Symbol.asyncDispose]() };
}

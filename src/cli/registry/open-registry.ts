import { checkSchema } from '../../database/check-schema.js';
import { RegistryDatabase } from '../../database/registry-database.js';
import { type ResolvedOptions, resolveOptions } from '../../options/resolve-options.js';
import { OutboxProcessor } from '../../outbox/outbox-processor.js';
import { FileRegistry } from '../../registry/file-registry.js';
import { type LoadedConfig, loadConfig } from '../config/load-config.js';
import type { CliSession } from '../session.js';
import { noStorage } from './no-storage.js';

export interface OpenRegistry extends AsyncDisposable {
  readonly options: ResolvedOptions;
  readonly database: RegistryDatabase;
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;
}

export interface OpenRegistryOptions {
  /** Whether bytes are touched, which needs storages that can be used. Rows alone need none. */
  readonly bytes: boolean;
  /** Says that the command goes by the periods, which are the package's own where nothing says others. */
  readonly periods?: boolean;
}

/**
 * The registry as the application's module makes it, without the module: no schedule, no container, and nothing that a command
 * does not need. Never migrates.
 *
 * @throws UsageError, InvalidOptionError, SchemaOutdatedError, DatabaseUnavailableError, StorageUnusableError
 */
export async function openRegistry(
  session: CliSession,
  wanted: OpenRegistryOptions,
  loaded?: LoadedConfig,
): Promise<OpenRegistry> {
  const config = loaded ?? (await loadConfig(session));
  try {
    const options = resolveOptions({
      ...config.options,
      database: config.database(),
      ...(wanted.bytes
        ? { storages: await config.storages() }
        : { storages: { none: noStorage }, defaultStorage: 'none' }),
    });
    if (wanted.periods === true) {
      notePeriods(session, config);
    }
    const database = new RegistryDatabase(options.database, options.schema);
    await checkSchema(database.executor, options.schema);
    for (const [, storage] of options.storages) {
      await storage.check();
    }
    return {
      options,
      database,
      files: new FileRegistry(options, database),
      processor: new OutboxProcessor(options, database),
      [Symbol.asyncDispose]: () => config[Symbol.asyncDispose](),
    };
  } catch (error) {
    await config[Symbol.asyncDispose]();
    throw error;
  }
}

/** An application with a longer period than the default would find its files gone before it. */
function notePeriods({ output }: CliSession, { file, options }: LoadedConfig): void {
  const unsaid = [
    options.gracePeriodMs === undefined && 'FILE_REGISTRY_GRACE_PERIOD_MS',
    options.unattachedTtlMs === undefined && 'FILE_REGISTRY_UNATTACHED_TTL_MS',
  ].filter((name) => name !== false);
  if (file === undefined && unsaid.length > 0) {
    output.note(`The default periods apply. Where the application has others, set ${unsaid.join(' and ')}.`);
  }
}

import type { FileRegistryOptions } from '../../options/file-registry-options.js';
import type { FileStorage } from '../../storage/storage.js';
import { UsageError } from '../errors/usage-error.js';
import type { CliSession } from '../session.js';
import { environmentOptions, storageUrls } from './environment-options.js';
import { configNames, findConfigFile } from './find-config-file.js';
import type { FileRegistryConfig } from './file-registry-config.js';
import { importConfig } from './import-config.js';
import { openPool } from './open-pool.js';
import { storageFromUrl } from './storage-from-url.js';

/** What the flags, the environment and the file say together, in this order. */
export interface LoadedConfig extends AsyncDisposable {
  readonly file: string | undefined;
  readonly options: Omit<FileRegistryOptions, 'storages' | 'database'>;
  readonly module: FileRegistryConfig['module'];
  /** @throws UsageError where nothing says it. */
  database(): FileRegistryOptions['database'];
  /** Asked for only where bytes are touched. @throws UsageError where nothing says them. */
  storages(): Promise<Readonly<Record<string, FileStorage>>>;
  /** Opens none of them; empty where nothing says any. @throws UsageError */
  storageNames(): readonly string[];
}

const closeTimeoutMs = 10_000;

/** @throws UsageError, InvalidOptionError */
export async function loadConfig({ flags, environment, folder }: CliSession): Promise<LoadedConfig> {
  const file = findConfigFile(flags.config, folder);
  const {
    database,
    storages,
    module,
    close,
    processor,
    transaction: _,
    ...options
  }: FileRegistryConfig = file === undefined ? {} : await importConfig(file);
  const { processor: processorVariables, ...variables } = environmentOptions(environment);
  const url = flags.databaseUrl ?? environment['DATABASE_URL'];
  // A pool of the processor's own belongs to the file's database, which is not asked for where another one is named.
  const { database: processorDatabase, ...processorOptions } = processor ?? {};
  const pool = url ? openPool(url) : undefined;

  return {
    file,
    module,
    options: {
      ...options,
      ...variables,
      ...(flags.schema !== undefined && { schema: flags.schema }),
      processor: {
        ...processorOptions,
        ...processorVariables,
        ...(pool === undefined && processorDatabase !== undefined && { database: processorDatabase }),
      },
    },
    database() {
      const found = pool ?? database;
      if (found === undefined) {
        throw missing(file, 'database', 'DATABASE_URL=postgresql://user@host/name');
      }
      return found;
    },
    async storages() {
      const urls = storageUrls(environment);
      if (storages === undefined && urls.size === 0) {
        throw missing(
          file,
          'storages',
          'FILE_REGISTRY_STORAGE_MEDIA=file:///srv/media for a storage called media',
        );
      }
      const found: Record<string, FileStorage> = { ...storages };
      for (const [name, storageUrl] of urls) {
        found[name] = await storageFromUrl(name, storageUrl);
      }
      return found;
    },
    storageNames: () => [...Object.keys(storages ?? {}), ...storageUrls(environment).keys()],
    async [Symbol.asyncDispose]() {
      const timer = AbortSignal.timeout(closeTimeoutMs);
      const late = new Promise<void>((resolve) =>
        timer.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([Promise.all([pool?.end(), close?.()]), late]);
    },
  };
}

function missing(file: string | undefined, option: string, variable: string): UsageError {
  return new UsageError(
    file === undefined
      ? `Nothing says the ${option}. Set ${variable}, or write ${configNames[0]} here that exports { database, storages }, or name such a file with --config.`
      : `${file} exports no ${option}. Add it there, or set ${variable}.`,
  );
}

import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { FileRegistryError } from '../../errors/file-registry-error.js';
import { UsageError } from '../errors/usage-error.js';
import type { FileRegistryConfig } from './file-registry-config.js';

const shape =
  'Export as default the options of the registry, or a function that answers them: export default { database, storages }.';

/**
 * Loads a configuration file. TypeScript goes by Node's own type stripping.
 *
 * @throws UsageError that says what to mend in it; InvalidOptionError as the file itself throws it.
 */
export async function importConfig(file: string): Promise<FileRegistryConfig> {
  const { default: exported } = await load(file);
  if (exported === undefined) {
    throw new UsageError(`${file} has no default export. ${shape}`);
  }
  const config: unknown = typeof exported === 'function' ? await callConfig(file, exported) : exported;
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(`${file}: expected an object, received ${inspect(config, { depth: 0 })}. ${shape}`);
  }
  const { close } = config as FileRegistryConfig;
  if (close !== undefined && typeof close !== 'function') {
    throw new UsageError(
      `${file}: close: expected a function that ends what the file opened, received ${inspect(close, { depth: 0 })}.`,
    );
  }
  return config;
}

async function load(file: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (cause) {
    throw failed(file, cause);
  }
}

async function callConfig(file: string, build: Function): Promise<unknown> {
  try {
    return (await build()) as unknown;
  } catch (cause) {
    throw failed(file, cause);
  }
}

function failed(file: string, cause: unknown): Error {
  if (cause instanceof FileRegistryError) {
    return cause;
  }
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && file.endsWith('.ts')) {
    return new UsageError(
      `${file}: Node ${process.versions.node} does not run TypeScript by itself; 22.18 and later do. Update Node, or write the configuration as file-registry.config.js.`,
      { cause },
    );
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  const typescript =
    file.endsWith('.ts') && cause instanceof SyntaxError
      ? ' Node only strips types: write no decorators, enums or parameter properties there, and import classes that have them from the compiled application.'
      : '';
  return new UsageError(`${file} could not be loaded: ${message}.${typescript}`, { cause });
}

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors/usage-error.js';

export const configNames = ['file-registry.config.js', 'file-registry.config.mjs', 'file-registry.config.ts'];

/**
 * The file that `--config` names, or the one in the working directory, or none.
 *
 * @throws UsageError where the named one is missing, or where there are several to choose from.
 */
export function findConfigFile(named: string | undefined, folder: string): string | undefined {
  if (named !== undefined) {
    const file = resolve(folder, named);
    if (!existsSync(file)) {
      throw new UsageError(
        `--config: there is no file ${file}. Name the file that exports the registry's options.`,
      );
    }
    return file;
  }
  const found = configNames.map((name) => join(folder, name)).filter((file) => existsSync(file));
  if (found.length > 1) {
    throw new UsageError(
      `There are several configurations: ${found.join(', ')}. Keep one, or name one with --config.`,
    );
  }
  return found[0];
}

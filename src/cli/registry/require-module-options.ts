import { UsageError } from '../errors/usage-error.js';
import type { CliSession } from '../session.js';

/** @throws UsageError where flags say what only the options of the application's module can. */
export function requireModuleOptions({ flags }: CliSession, command: string): void {
  if (flags.databaseUrl !== undefined || flags.schema !== undefined) {
    throw new UsageError(
      `${command} runs the module with its own options: leave --database-url and --schema out, or say --no-module.`,
    );
  }
}

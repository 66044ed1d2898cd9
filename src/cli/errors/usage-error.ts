import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/** The command line or the configuration is wrong. */
export class UsageError extends CliError {
  readonly code = 'CLI_USAGE';
  readonly exitCode = exitCodes.usage;
}

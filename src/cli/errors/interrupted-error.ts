import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/** SIGINT or SIGTERM came before the command was done. */
export class InterruptedError extends CliError {
  readonly code = 'CLI_INTERRUPTED';
  readonly exitCode = exitCodes.interrupted;
}

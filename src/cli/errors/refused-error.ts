import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/** The question was answered with no, or there was nobody to ask. */
export class RefusedError extends CliError {
  readonly code = 'CLI_REFUSED';
  readonly exitCode = exitCodes.refused;
}

import type { ExitCode } from '../exit-codes.js';

/** The base of what the program itself refuses; errors of the registry keep their own classes. */
export abstract class CliError extends Error {
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;
}

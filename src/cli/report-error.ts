import { CommanderError } from 'commander';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { CliError } from './errors/cli-error.js';
import { UsageError } from './errors/usage-error.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import type { Output } from './output/output.js';

/** What the command line offers for what the registry's messages say in code. */
const advice: Readonly<Record<string, string>> = {
  SCHEMA_OUTDATED: 'On the command line: file-registry migrate',
  FILE_HELD: 'On the command line: file-registry explain <id> names who holds it.',
};

/** Guards of the registry that a person may lift. */
const refusals = new Set(['FIX_HELD_BACK', 'STORAGE_WITHOUT_ROWS', 'TOO_MANY_ORPHANS']);

/** Codes of errors that only a call of the API can earn; of these the command line's words were right. */
const factsNotUsage = new Set([
  'FILE_NOT_FOUND',
  'FILE_CONDEMNED',
  'FILE_HELD',
  'KEY_BUSY',
  'UPLOAD_ABORTED',
]);

/** Says what went wrong and what to do, without a stack unless `--debug` is given, and answers the exit code. */
export function reportError(output: Output, error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return reportError(
      output,
      new UsageError(error.code === 'commander.help' ? 'Name a command.' : usageOf(error)),
    );
  }
  const known = error instanceof CliError || error instanceof FileRegistryError ? error : undefined;
  const code = known?.code ?? (error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED');
  const message = messageOf(error);
  const hint = advice[code];
  const document = {
    error: {
      code,
      message,
      ...(error instanceof FileRegistryError && { kind: error.kind, retryable: error.retryable }),
      ...(hint !== undefined && { hint }),
    },
    // What was found and done until then.
    ...(error instanceof FileRegistryError && 'report' in error && { report: error.report }),
  };
  const lines = [`error: ${message}`, ...(hint === undefined ? [] : [hint])];
  if (output.debug) {
    lines.push(...stacks(error));
  } else if (known === undefined) {
    lines.push('Run it with --debug for details.');
  }
  output.fail(document, lines);
  return exitCodeOf(error);
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) {
    return error.exitCode;
  }
  if (error instanceof FileRegistryError && refusals.has(error.code)) {
    return exitCodes.refused;
  }
  // A line of it, after others were taken; its header is a matter of the options.
  const brokenLine =
    error instanceof FileRegistryError && error.code === 'INVALID_CSV' && 'line' in error.context;
  const usage =
    !brokenLine &&
    error instanceof FileRegistryError &&
    error.kind === 'usage' &&
    !factsNotUsage.has(error.code);
  return usage ? exitCodes.usage : exitCodes.failed;
}

/** Commander's sentences, in the form of the others. */
function usageOf({ message }: CommanderError): string {
  return `${message.replace(/^error: /, '')}\nfile-registry <command> --help lists what there is.`;
}

/** A refused connection to a name of several addresses has an empty message; its parts have theirs. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof AggregateError ? error : error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof AggregateError) || cause.message !== '') {
    return message || 'something failed without a message';
  }
  const parts = cause.errors
    .map((part: unknown) => (part instanceof Error ? part.message : String(part)))
    .join(', ');
  return message === '' ? parts : message.replace('()', `(${parts})`);
}

function stacks(error: unknown): string[] {
  const found: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 10; cause = cause.cause, depth++) {
    found.push(`${depth > 0 ? 'caused by ' : ''}${cause.stack ?? cause.message}`);
  }
  return found;
}

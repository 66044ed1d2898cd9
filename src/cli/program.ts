import { Command } from 'commander';
import { drainCommand } from './commands/drain.js';
import { explainCommand } from './commands/explain.js';
import { importCommand } from './commands/import.js';
import { migrateCommand } from './commands/migrate.js';
import { pauseCommand } from './commands/pause.js';
import { reconcileCommand } from './commands/reconcile.js';
import { restoreCommand } from './commands/restore.js';
import { resumeCommand } from './commands/resume.js';
import { retryCommand } from './commands/retry.js';
import { statusCommand } from './commands/status.js';
import { trackCommand } from './commands/track.js';
import { trackedCommand } from './commands/tracked.js';
import { untrackCommand } from './commands/untrack.js';
import { verifyCommand } from './commands/verify.js';
import { workCommand } from './commands/work.js';
import type { Action } from './session.js';

const commands = [
  migrateCommand,
  statusCommand,
  drainCommand,
  workCommand,
  reconcileCommand,
  importCommand,
  explainCommand,
  restoreCommand,
  retryCommand,
  pauseCommand,
  resumeCommand,
  verifyCommand,
  trackCommand,
  untrackCommand,
  trackedCommand,
];

const epilogue = `
Configuration: file-registry.config.js, .mjs or .ts in the working directory, whose default export are the options of the
module; or the environment alone: DATABASE_URL, FILE_REGISTRY_SCHEMA, FILE_REGISTRY_STORAGE_<NAME>=file:///path or
s3://bucket/prefix, FILE_REGISTRY_DEFAULT_STORAGE. Options win over the environment, the environment over the file.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 something was found, 4 refused, 130 interrupted.`;

/** The program with all of its commands. Parsing throws instead of ending the process. */
export function createProgram(version: string, action: Action): Command {
  const program = new Command('file-registry')
    .description(
      'Operates a registry of files: its schema, its processor, its storages and its tracked columns.',
    )
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .option('--config <file>', 'the configuration file (default: file-registry.config.js, .mjs or .ts here)')
    .option('--database-url <url>', 'the database, instead of DATABASE_URL and the file')
    .option('--schema <name>', "the registry's schema (default: file_registry)")
    .option('--json', 'print one JSON document, and nothing else on stdout')
    .option('--quiet', 'print errors only, and with --json the document')
    .option('--yes', 'answer every question with yes')
    .option('--debug', 'print stack traces and debug logs')
    .addHelpText('after', epilogue);
  for (const define of commands) {
    program.addCommand(define(action));
  }
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .helpOption('-h, --help', 'print this help')
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({ outputError: () => undefined })
      .allowExcessArguments(false);
  }
  return program;
}

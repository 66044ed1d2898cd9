import { Console } from 'node:console';
import { readFile } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { type Command, CommanderError } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { Interrupts } from './interrupts.js';
import { CliLogger } from './output/cli-logger.js';
import { Output } from './output/output.js';
import { createProgram } from './program.js';
import { reportError } from './report-error.js';
import type { Action, CommonOptions } from './session.js';

/** Runs one command of the line and answers the exit code. Never rejects. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  let output = outputFor({ json: args.includes('--json'), debug: args.includes('--debug') });
  const action: Action =
    (handler) =>
    async (...received: unknown[]) => {
      const command = received.at(-1) as Command;
      const flags = command.optsWithGlobals<CommonOptions>();
      output = outputFor(flags);
      using interrupts = new Interrupts(output);
      // What the application prints and logs is not the answer.
      globalThis.console = new Console(process.stderr, process.stderr);
      Logger.overrideLogger(new CliLogger(output));
      const session = {
        output,
        interrupts,
        input: process.stdin,
        yes: flags.yes === true,
        flags,
        environment: process.env,
        folder: process.cwd(),
      };
      exitCode = await handler(session, ...received.slice(0, -1));
    };
  try {
    await createProgram(await readVersion(), action).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return exitCodes.done;
    }
    return reportError(output, error);
  }
  return exitCode;
}

/** Beside `src` and `dist` alike. */
async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function outputFor(flags: CommonOptions): Output {
  return new Output(process.stdout, process.stderr, flags);
}

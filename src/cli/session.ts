import type { Readable } from 'node:stream';
import type { ExitCode } from './exit-codes.js';
import type { Interrupts } from './interrupts.js';
import type { Output } from './output/output.js';

/** The options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly databaseUrl?: string;
  readonly schema?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly yes?: boolean;
  readonly debug?: boolean;
}

/** One run of one command. */
export interface CliSession {
  readonly output: Output;
  readonly interrupts: Interrupts;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly yes: boolean;
  readonly flags: CommonOptions;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
}

/** Makes what commander calls of a function that takes the command's arguments and its options, which come last. */
export type Action = (
  // Commander's own types know no more of them.
  // eslint-disable-next-line typescript/no-explicit-any
  handler: (session: CliSession, ...args: any[]) => Promise<ExitCode>,
) => (...args: unknown[]) => Promise<void>;

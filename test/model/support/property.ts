import * as fc from 'fast-check';
import { type Command, program } from './commands.js';
import type { World } from './world.js';

export interface RunOptions {
  readonly seed: number;
  /** The path that fast-check printed, to run the one program that failed. */
  readonly path?: string | undefined;
  readonly limitMs: number;
  readonly maxPrograms?: number;
  /** False to answer with the first program that fails, however long it is. */
  readonly shrinks?: boolean;
}

export type RunReport = fc.RunDetails<[readonly Command[]]>;

/** Making a program smaller runs it again and again. */
const shrinkLimitMs = 60_000;

/** Plays random programs until one fails, all were played or the time is over; then makes the one that failed smaller. */
export async function playPrograms(
  world: World,
  { seed, path, limitMs, maxPrograms = 1_000_000, shrinks = true }: RunOptions,
): Promise<RunReport> {
  const property = fc.asyncProperty(program, (commands) => world.play(commands));
  const common = { seed, numRuns: maxPrograms };
  const report = await fc.check(property, {
    ...common,
    ...(path === undefined ? {} : { path }),
    endOnFailure: true,
    interruptAfterTimeLimit: limitMs,
  });
  if (report.counterexamplePath === null || !shrinks) return report;
  const smaller = await fc.check(property, {
    ...common,
    path: report.counterexamplePath,
    interruptAfterTimeLimit: shrinkLimitMs,
  });
  // What does not fail a second time depended on what ran at the same moment.
  return smaller.counterexample === null ? report : smaller;
}

/** What to say about a run that failed: the law, the smallest program, and how to run it again. */
export function describeFailure({
  seed,
  counterexamplePath,
  counterexample,
  errorInstance,
}: RunReport): string {
  const commands = (counterexample?.[0] ?? []).map((command) => `  ${JSON.stringify(command)}`);
  return [
    String((errorInstance as Error | null)?.stack ?? errorInstance),
    `after the program`,
    ...commands,
    `Run it again: npm run test:soak -- --seed ${seed} --path ${counterexamplePath}`,
  ].join('\n');
}

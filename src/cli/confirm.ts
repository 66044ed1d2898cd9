import { createInterface } from 'node:readline/promises';
import { RefusedError } from './errors/refused-error.js';
import type { CliSession } from './session.js';

/**
 * Asks before something is given up. `--yes` answers; where nobody can be asked it is refused. The question holds no lock and
 * decides nothing: what it was about is looked at again by whatever comes after it.
 *
 * @throws RefusedError
 */
export async function confirm(session: CliSession, question: string): Promise<void> {
  requireSomebody(session, question);
  const { output, interrupts, input, yes } = session;
  if (yes) {
    return;
  }
  const terminal = createInterface({ input, output: output.stderr });
  // Readline takes Ctrl-C off the terminal, and Ctrl-D ends it without an answer.
  terminal.on('SIGINT', () => interrupts.interrupt());
  const ended = new Promise<string>((resolve) => {
    terminal.once('close', () => resolve(''));
  });
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended]);
    if (!/^\s*y(es)?\s*$/i.test(answer)) {
      throw new RefusedError('The answer was no. Nothing was changed.');
    }
  } finally {
    terminal.close();
  }
}

/** Refuses at once what would have to ask later, after minutes of work. @throws RefusedError */
export function requireSomebody({ yes, input, output }: CliSession, question: string): void {
  if (!yes && (input.isTTY !== true || output.stderr.isTTY !== true)) {
    throw new RefusedError(
      `${question} Nobody can be asked without a terminal; say --yes to do it. Nothing was changed.`,
    );
  }
}

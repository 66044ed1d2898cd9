import { InterruptedError } from './errors/interrupted-error.js';
import { exitCodes } from './exit-codes.js';
import type { Output } from './output/output.js';
import { reportError } from './report-error.js';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * SIGINT and SIGTERM. The first one asks a command to stop where it can go on later, the second ends the process. A command that
 * never asked for `signal` has nothing to finish, and ends at the first: its transaction rolls back.
 */
export class Interrupts implements Disposable {
  /** What to do next, in a sentence of the command. */
  hint = 'Nothing is left half done; run it again.';
  private readonly controller = new AbortController();
  private heeded = false;
  private readonly listener = () => this.interrupt();

  constructor(private readonly output: Output) {
    for (const name of signals) {
      process.on(name, this.listener);
    }
  }

  /** Aborts with the first signal. Whoever takes it promises to stop soon. */
  get signal(): AbortSignal {
    this.heeded = true;
    return this.controller.signal;
  }

  get interrupted(): boolean {
    return this.controller.signal.aborted;
  }

  interrupt(): void {
    if (!this.heeded || this.interrupted) {
      reportError(this.output, this.error());
      process.exit(exitCodes.interrupted);
    }
    this.controller.abort(this.error());
    this.output.note('Stopping after what is in flight; a second signal ends at once.');
  }

  [Symbol.dispose](): void {
    for (const name of signals) {
      process.off(name, this.listener);
    }
  }

  /** What an interrupted command ends with. */
  error(): InterruptedError {
    return new InterruptedError(`Interrupted. ${this.hint}`);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseUnavailableError } from '../errors/database-unavailable-error.js';

/** Tries while a transaction of the application holds the file, with pauses that double: 1.6 seconds in all. */
export const busyTriesMax = 6;
const firstPauseMs = 50;

export interface BusyAsking<Answer> {
  /** Must answer the same when it is asked again, because an answer that was lost is asked for again, like one that says busy. */
  readonly ask: () => Promise<Answer>;
  readonly isBusy: (answer: Answer) => boolean;
  /** Keeps the reservation in the meantime. Where it fails, the next answer says why. */
  readonly renew: () => Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/** Asks a step that never waits for an application's transaction until none is in the way; the last answer may still be busy. */
export async function askUntilFree<Answer>(asking: BusyAsking<Answer>): Promise<Answer> {
  let mayBeDone = false;
  for (let tries = 1; ; tries++) {
    try {
      const answer = await asking.ask();
      if (!asking.isBusy(answer) || tries === busyTriesMax) {
        return answer;
      }
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError) || tries === busyTriesMax) {
        throw error;
      }
      mayBeDone = true;
    }
    // An abort says that nothing was done, so it waits until that is known.
    await pause(firstPauseMs * 2 ** (tries - 1), undefined, {
      signal: mayBeDone ? undefined : asking.signal,
    });
    await asking.renew().catch(() => undefined);
  }
}

import { DatabaseUnavailableError } from '../errors/database-unavailable-error.js';
import { withinTime } from './within-time.js';

/** A step takes milliseconds; by then its connection is as good as lost, though nobody has said so. */
export const answerTimeoutMs = 10 * 60 * 1000;

/**
 * What the database answers to the statement. Behind a connection that went silent no answer ever comes, and who waits for one stands
 * still; what was asked may have happened or not, as after a crash.
 *
 * @throws DatabaseUnavailableError when it takes too long.
 */
export async function inAnswerTime<Result>(
  statement: string,
  answer: Promise<Result>,
  timeoutMs = answerTimeoutMs,
): Promise<Result> {
  const given = await withinTime(
    answer.then((result) => ({ result })),
    timeoutMs,
  );
  if (given === undefined) {
    throw new DatabaseUnavailableError(
      `${statement} got no answer from the database within ${timeoutMs} ms. Give the pool keepAlive and a query_timeout, by which it finds dead connections.`,
      { context: { statement, timeoutMs } },
    );
  }
  return given.result;
}

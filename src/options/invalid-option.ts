import { inspect } from 'node:util';
import { InvalidOptionError } from '../errors/invalid-option-error.js';

/** How much of a wrong value the message shows; the whole of it is in the context. */
const shownMax = 200;

/** Names the option, what it should have been, and what it was. */
export function invalidOption(option: string, expectation: string, value: unknown): InvalidOptionError {
  const received = inspect(value, { depth: 0 }).slice(0, shownMax);
  return new InvalidOptionError(`${option}: ${expectation}, received ${received}.`, {
    context: { option, value },
  });
}

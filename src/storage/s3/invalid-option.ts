import { inspect } from 'node:util';
import { InvalidOptionError } from '../../errors/invalid-option-error.js';

export function invalidOption(option: string, received: unknown, expected: string): InvalidOptionError {
  return new InvalidOptionError(
    `\`${option}\` must be ${expected}. Received: ${inspect(received, { depth: 0, breakLength: Infinity })}.`,
    { context: { option, received } },
  );
}

import { InvalidOptionError } from '../errors/invalid-option-error.js';

const expiresInMsDefault = 15 * 60 * 1000;
const expiresInMsMin = 1000;
/** The longest that S3 signs. */
const expiresInMsMax = 7 * 24 * 60 * 60 * 1000;

/** How long a URL works, 15 minutes where nothing is said. @throws InvalidOptionError */
export function checkExpiry(expiresInMs: unknown): number {
  const value = expiresInMs ?? expiresInMsDefault;
  if (Number.isInteger(value) && (value as number) >= expiresInMsMin && (value as number) <= expiresInMsMax) {
    return value as number;
  }
  throw new InvalidOptionError(
    `expiresInMs: expected a whole number from ${expiresInMsMin} to ${expiresInMsMax}, received ${String(value)}.`,
    { context: { option: 'expiresInMs', value } },
  );
}

import { wholeNumber } from '../options/whole-number.js';

const expiresInMsDefault = 15 * 60 * 1000;
/** At most what S3 signs. */
const expiresInMsLimits = [1000, 7 * 24 * 60 * 60 * 1000] as const;

/** How long a URL works, 15 minutes where nothing is said. @throws InvalidOptionError */
export function checkExpiry(expiresInMs: unknown): number {
  return wholeNumber('expiresInMs', expiresInMs ?? expiresInMsDefault, expiresInMsLimits);
}

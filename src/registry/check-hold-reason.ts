import { inspect } from 'node:util';
import { isStorableText } from '../database/is-storable-text.js';
import { InvalidHoldReasonError } from '../errors/invalid-hold-reason-error.js';

const reasonMaxBytes = 255;

/** @throws InvalidHoldReasonError */
export function checkHoldReason(reason: unknown): string {
  if (isStorableText(reason, reasonMaxBytes)) {
    return reason;
  }
  throw new InvalidHoldReasonError(
    `The reason of a hold is a text of 1 to ${reasonMaxBytes} bytes, such as 'litigation 2026-17', received ${inspect(reason, { depth: 0 }).slice(0, 100)}.`,
    { context: { reason } },
  );
}

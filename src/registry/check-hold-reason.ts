import { inspect } from 'node:util';
import { InvalidHoldReasonError } from '../errors/invalid-hold-reason-error.js';

const reasonMaxBytes = 255;

/** @throws InvalidHoldReasonError */
export function checkHoldReason(reason: unknown): string {
  const valid =
    typeof reason === 'string' &&
    reason !== '' &&
    Buffer.byteLength(reason) <= reasonMaxBytes &&
    !reason.includes('\0') &&
    reason.isWellFormed();
  if (valid) {
    return reason;
  }
  throw new InvalidHoldReasonError(
    `The reason of a hold is a text of 1 to ${reasonMaxBytes} bytes, such as 'litigation 2026-17', received ${inspect(reason, { depth: 0 }).slice(0, 100)}.`,
    { context: { reason } },
  );
}

import { InvalidRangeError } from '../errors/invalid-range-error.js';
import type { ReadOptions } from './read-options.js';

/** The range within a file of this size. @throws InvalidRangeError */
export function checkRange({ start, end }: ReadOptions, size: number): { start?: number; end?: number } {
  if (start === undefined && end === undefined) {
    return {};
  }
  const first = start ?? 0;
  const last = Math.min(end ?? size - 1, size - 1);
  const whole = [start, end].every(
    (offset) => offset === undefined || (Number.isSafeInteger(offset) && offset >= 0),
  );
  if (!whole || first > last) {
    throw new InvalidRangeError(
      `Bytes ${start ?? 0} to ${end ?? 'the end'} are not a range of a file of ${size} bytes. Offsets are whole numbers from 0, both inclusive.`,
      { context: { start, end, size } },
    );
  }
  return { start: first, end: last };
}

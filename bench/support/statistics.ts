export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle of the values and how far they lie apart. @throws RangeError without values. */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: percentile(values, 0), max: percentile(values, 100) };
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = sort(values);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return (lower + upper) / 2;
}

/** The smallest value that at least so many percent of the values do not exceed (nearest rank), so always one that occurred. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = sort(values);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

function sort(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('There is no median of nothing.');
  return values.toSorted((a, b) => a - b);
}

/** A place in the outbox: everything of one reason up to it was seen. */
export interface OutboxMark {
  readonly notedAt: string;
  readonly seq: number;
}

export const firstMark: OutboxMark = { notedAt: '-infinity', seq: 0 };

/** Negative where `a` comes before `b`. */
export function compareMarks(a: OutboxMark, b: OutboxMark): number {
  return microseconds(a.notedAt) - microseconds(b.notedAt) || a.seq - b.seq;
}

/** JavaScript's own dates end at the millisecond, where neighbours would be equal. */
function microseconds(notedAt: string): number {
  if (notedAt === '-infinity') {
    return Number.MIN_SAFE_INTEGER;
  }
  const [, fraction = ''] = /\.(\d+)/.exec(notedAt) ?? [];
  return Date.parse(notedAt.replace(/\.\d+/, '')) * 1000 + Number(fraction.padEnd(6, '0'));
}

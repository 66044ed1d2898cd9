const units = [
  ['d', 24 * 60 * 60 * 1000],
  ['h', 60 * 60 * 1000],
  ['min', 60 * 1000],
  ['s', 1000],
] as const;

/** `12,345`, whatever the machine's language is. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 file`, `12,345 files`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The two largest units: `3 h 12 min`. */
export function formatDuration(durationMs: number): string {
  const parts: string[] = [];
  let rest = durationMs;
  for (const [unit, unitMs] of units) {
    const amount = Math.floor(rest / unitMs);
    rest -= amount * unitMs;
    if (amount > 0) {
      parts.push(`${amount} ${unit}`);
    } else if (parts.length > 0) {
      break;
    }
  }
  return parts.slice(0, 2).join(' ') || `${Math.round(durationMs)} ms`;
}

/** Lines of aligned columns, the last one ragged. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

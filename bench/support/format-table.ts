import type { MetricTable } from './results.js';

/** A metric as text for people: a headline and a line for each system, the ratio last. */
export function formatTable({ metric, rows }: MetricTable): string {
  const ratioTitle =
    'to' in metric.ratio ? `times '${metric.ratio.to}'` : `'${metric.ratio.of}' is times this`;
  const lines = [
    ['system', 'median', 'min', 'max', ratioTitle],
    ...rows.map(({ figure, ratio }) => [
      figure.system,
      formatNumber(figure.median),
      formatNumber(figure.min),
      formatNumber(figure.max),
      ratio === undefined || !Number.isFinite(ratio) ? '-' : ratio.toFixed(2),
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const padded = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return [`${metric.name}, n = ${metric.n.toLocaleString('en')}, ${metric.unit}`, ...padded].join('\n  ');
}

/** Three digits that mean something, and no more of the ones that do not. */
function formatNumber(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

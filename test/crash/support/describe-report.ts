import type { PlayReport } from './play.js';

const violationsShown = 20;

/** What happened and what was found, for people. */
export function describeReport({ counts, errors, violations }: PlayReport): string {
  const happened = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  const told = [...errors]
    .toSorted(([, a], [, b]) => b - a)
    .map(([message, count]) => `  ${count} × ${message}`);
  const shown = violations.slice(0, violationsShown).map((violation) => `  ${violation}`);
  const more = violations.length > shown.length ? [`  and ${violations.length - shown.length} more`] : [];
  return [
    happened.join(', '),
    ...(told.length > 0 ? ['Errors that were met:', ...told] : []),
    ...(violations.length > 0 ? [`${violations.length} violations:`, ...shown, ...more] : []),
  ].join('\n');
}

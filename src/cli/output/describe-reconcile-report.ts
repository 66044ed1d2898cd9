import type { FindingSummary, ReconcileFinding, ReconcileReport } from '../../reconcile/reconcile-report.js';
import { countOf, formatCount } from './format.js';

/** A reconciliation for people: what was found, then what it comes to. */
export function describeReconcileReport(report: ReconcileReport): string[] {
  const { storage, objects, files, excluded, young, checksummed } = report;
  const sides = [
    `${storage}: compared ${countOf(objects, 'object')} with ${countOf(files, 'file')}`,
    checksummed > 0 && `read ${countOf(checksummed, 'file')}`,
    excluded > 0 && `left ${formatCount(excluded)} out`,
    young > 0 && `passed over ${countOf(young, 'object')} without a row, too young to tell`,
  ].filter((side) => side !== false);
  return [
    ...list(report.orphans),
    ...list(report.dangling),
    ...list(report.mismatches),
    ...list(report.obstacles),
    `${sides.join(', ')}.`,
    `Found ${countOf(report.orphans.count, 'orphan')} (${countOf(report.orphans.sizeBytes, 'byte')}), ${countOf(report.dangling.count, 'dangling file')}, ${countOf(report.mismatches.count, 'mismatch', 'mismatches')}, ${countOf(report.obstacles.count, 'obstacle')}.`,
    ...(report.fix === 'adopt'
      ? [
          `Adopted ${countOf(report.adopted, 'orphan')}, ${formatCount(report.recovered)} were none any more, ${formatCount(report.left)} are left for the next run; removed ${countOf(report.prunedFolders, 'empty folder')}.`,
        ]
      : []),
  ];
}

function list({ count, samples }: FindingSummary<ReconcileFinding>): string[] {
  const rest = count - samples.length;
  const kind = samples[0]?.kind ?? '';
  return [
    ...samples.map(describe),
    ...(rest > 0 && kind !== '' ? [`${kind}  and ${formatCount(rest)} more`] : []),
  ];
}

function describe(finding: ReconcileFinding): string {
  switch (finding.kind) {
    case 'orphan':
      return `orphan  ${oneLine(finding.key)}  ${countOf(finding.sizeBytes, 'byte')}`;
    case 'dangling':
      return `dangling  ${oneLine(finding.key)}  file ${finding.fileId}`;
    case 'mismatch':
      return `mismatch  ${oneLine(finding.key)}  file ${finding.fileId}: ${finding.of} ${finding.actual} instead of ${finding.expected}`;
    case 'obstacle':
      return `obstacle  ${oneLine(finding.path)} ${finding.problem}`;
  }
}

/** A key may have a newline in it, and would look like two. */
function oneLine(key: string): string {
  return key.replaceAll('\n', String.raw`\n`);
}

import type { ImportReport } from '../../import/import-report.js';
import { countOf, formatCount } from './format.js';

/** An import for people: the rows that came to nothing, then what it comes to. */
export function describeImportReport(report: ImportReport, dryRun: boolean): string[] {
  const { samples, rows, taken, files, references, missing, busy, refused } = report;
  return [
    ...samples.missing.map(({ row, key }) => `missing  row ${row}: ${oneLine(key)}`),
    ...rest('missing', missing - samples.missing.length),
    ...samples.busy.map(({ row, key }) => `busy  row ${row}: ${oneLine(key)}`),
    ...rest('busy', busy - samples.busy.length),
    ...samples.refused.map(({ row, key, reason }) => `refused  row ${row}: ${oneLine(key)}: ${reason}`),
    ...rest('refused', refused - samples.refused.length),
    `${countOf(rows, 'row')}: ${formatCount(taken)} taken, ${formatCount(missing)} without an object, ${formatCount(busy)} whose key is being deleted, ${formatCount(refused)} refused.`,
    `${dryRun ? 'There would be' : 'There are'} ${countOf(files, 'new file')} and ${countOf(references, 'new reference')}.`,
  ];
}

function rest(kind: string, count: number): string[] {
  return count > 0 ? [`${kind}  and ${formatCount(count)} more`] : [];
}

/** A path may have a newline in it, and would look like two. */
function oneLine(key: string): string {
  return key.replaceAll('\n', String.raw`\n`);
}

import type { ImportReport, ImportSample, RefusedSample } from './import-report.js';
import type { ImportRow } from './import-row.js';
import type { ResolvedImportOptions } from './resolve-import-options.js';

/** A row with its number, which counts from 1. */
export interface NumberedRow {
  readonly row: ImportRow;
  readonly number: number;
}

/** Counts what became of rows, and keeps the first of each kind. */
export class ImportTally {
  private rows = 0;
  private taken = 0;
  private files = 0;
  private references = 0;
  private readonly missed = { count: 0, samples: [] as ImportSample[] };
  private readonly busied = { count: 0, samples: [] as ImportSample[] };
  private readonly refusals = { count: 0, samples: [] as RefusedSample[] };

  constructor(private readonly options: ResolvedImportOptions) {}

  missing({ row, number }: NumberedRow): void {
    this.note(this.missed, { row: number, key: row.key });
    this.options.onMissing?.(row, number);
  }

  busy({ row, number }: NumberedRow): void {
    this.note(this.busied, { row: number, key: row.key });
  }

  refused({ row, number }: NumberedRow, reason: string): void {
    this.note(this.refusals, { row: number, key: keyText(row), reason });
    this.options.onRefused?.(row, number, reason);
  }

  imported({ taken, files, references }: Pick<ImportReport, 'taken' | 'files' | 'references'>): void {
    this.rows += taken;
    this.taken += taken;
    this.files += files;
    this.references += references;
  }

  report(aborted = false): ImportReport {
    const { rows, taken, files, references } = this;
    return {
      rows,
      taken,
      files,
      references,
      missing: this.missed.count,
      busy: this.busied.count,
      refused: this.refusals.count,
      samples: {
        missing: [...this.missed.samples],
        busy: [...this.busied.samples],
        refused: [...this.refusals.samples],
      },
      aborted,
    };
  }

  private note<Sample>(kind: { count: number; samples: Sample[] }, sample: Sample): void {
    this.rows++;
    kind.count++;
    if (kind.samples.length < this.options.samples) {
      kind.samples.push(sample);
    }
  }
}

/** What a row that may be anything calls its key. */
function keyText(row: unknown): string {
  const key: unknown = typeof row === 'object' && row !== null && 'key' in row ? row.key : row;
  return String(key);
}

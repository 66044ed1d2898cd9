import type { ImportReport } from './import-report.js';
import type { ImportRow } from './import-row.js';

export interface ImportOptions {
  /** The name of the storage the objects lie in. Default: the module's `defaultStorage`. */
  readonly storage?: string | undefined;
  /** Rows in one transaction. Default: 1,000. Limits: 1 to 10,000. */
  readonly batchSize?: number | undefined;
  /** Objects that are looked at in the storage at a time. Default: 32. Limits: 1 to 256. */
  readonly concurrency?: number | undefined;
  /** Rows to pass over at the beginning, unread. Default: 0. */
  readonly skipRows?: number | undefined;
  /** True to change nothing and report what would be. An object that several batches name counts as a file in each. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** Rows of each kind that the report shows. Default: 10. Limits: 0 to 10,000. */
  readonly samples?: number | undefined;
  /** Makes the storage's key of the path of a row; null passes the row over as refused. Default: the path as it is. */
  readonly mapKey?: ((path: string, row: ImportRow) => string | null) | undefined;
  /** Told of each row whose object is not in the storage. Rows count from 1. */
  readonly onMissing?: ((row: ImportRow, rowNumber: number) => void) | undefined;
  /** Told of each row that cannot be imported, and why. Rows count from 1. */
  readonly onRefused?: ((row: ImportRow, rowNumber: number, reason: string) => void) | undefined;
  /** Told after each batch how far it is. */
  readonly onProgress?: ((report: ImportReport) => void) | undefined;
  /** Ends the import after what is in flight; what was imported stays. */
  readonly signal?: AbortSignal | undefined;
}

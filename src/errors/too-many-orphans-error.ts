import type { ReconcileReport } from '../reconcile/reconcile-report.js';
import { FileRegistryError, type FileRegistryErrorDetails } from './file-registry-error.js';

/** So many objects have no row that rows are more likely missing than objects superfluous. Nothing was adopted. */
export class TooManyOrphansError extends FileRegistryError {
  readonly code = 'TOO_MANY_ORPHANS';
  readonly kind = 'usage';
  readonly report: ReconcileReport | undefined;

  constructor(
    message: string,
    details: FileRegistryErrorDetails & { readonly report?: ReconcileReport } = {},
  ) {
    super(message, details);
    this.report = details.report;
  }
}

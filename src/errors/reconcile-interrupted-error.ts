import type { ReconcileReport } from '../reconcile/reconcile-report.js';
import {
  FileRegistryError,
  type FileRegistryErrorDetails,
  type FileRegistryErrorKind,
} from './file-registry-error.js';

/**
 * A reconciliation stopped before its end: a failure that trying again did not mend, a signal, or a callback that threw, which is
 * the `cause`. What it found so far is in `report`; going on with `after: report.lastKey` misses nothing.
 */
export class ReconcileInterruptedError extends FileRegistryError {
  readonly code = 'RECONCILE_INTERRUPTED';
  readonly kind: FileRegistryErrorKind;
  readonly report: ReconcileReport | undefined;

  constructor(
    message: string,
    details: FileRegistryErrorDetails & { readonly report?: ReconcileReport } = {},
  ) {
    super(message, details);
    this.kind = details.cause instanceof FileRegistryError ? details.cause.kind : 'retryable';
    this.report = details.report;
  }
}

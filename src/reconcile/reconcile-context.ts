import type { RegistryDatabase } from '../database/registry-database.js';
import type { FileStorage } from '../storage/storage.js';
import type { ReconcileTally } from './reconcile-tally.js';
import type { ResolvedReconcileOptions } from './resolve-reconcile-options.js';

/** What the parts of one reconciliation share. */
export interface ReconcileContext {
  readonly storage: FileStorage;
  readonly database: RegistryDatabase;
  readonly options: ResolvedReconcileOptions;
  readonly tally: ReconcileTally;
}

export { FileRegistryModule } from './file-registry.module.js';
export type { FileRegistryModuleExtras } from './file-registry.module-definition.js';
export type { FileRegistryOptions, ProcessorOptions } from './options/file-registry-options.js';
export type { OwnerTypesOptions } from './options/owner-types.js';
export {
  optionDefaults,
  optionLimits,
  processorDefaults,
  processorLimits,
  renditionDefaults,
  renditionLimits,
} from './options/option-defaults.js';

export { FileRegistry } from './registry/file-registry.js';
export type {
  AttachPair,
  AttachResult,
  DetachResult,
  ErasedFile,
  EraseOptions,
  EraseResult,
  FileTransaction,
  RedactResult,
  ReplaceResult,
  RestoreResult,
} from './registry/file-transaction.js';
export type { AdoptOptions } from './registry/adopt-options.js';
export type { AmbientTransactionHost } from './registry/ambient-transaction-host.js';
export type { AttachedFile } from './registry/attached-file.js';
export type { DiscardResult } from './registry/discard-result.js';
export type * from './registry/file-explanation.js';
export type { FileArgument } from './registry/file-argument.js';
export type { FileContent } from './registry/content.js';
export type { FileReference, ReferencesOptions } from './registry/file-reference.js';
export type {
  ConfirmUploadOptions,
  ReservedUpload,
  ReserveUploadOptions,
} from './registry/direct-upload-options.js';
export type { MoveOptions } from './registry/move-options.js';
export type { UrlOptions } from './registry/url-options.js';
export type { Owner, OwnerId, OwnerIdPart, OwnerRecord, OwnerSelector } from './registry/owner.js';
export type { ReadOptions } from './registry/read-options.js';
export type { StoreOptions } from './registry/store-options.js';
export type { StoredFile } from './registry/stored-file.js';

export { OutboxProcessor } from './outbox/outbox-processor.js';
export type { DrainCounts, DrainResult, Obstacle } from './outbox/drain-result.js';
export type * from './outbox/law-report.js';
export { healthCountMax, type OutboxHealth } from './outbox/outbox-health.js';
export type { OutboxStats } from './outbox/outbox-stats.js';

export type * from './telemetry/file-registry-telemetry.js';

export { AfterFileDelete } from './hooks/after-file-delete.js';
export { BeforeFileDelete } from './hooks/before-file-delete.js';
export { OnFileDeleteFailed } from './hooks/on-file-delete-failed.js';
export type { DeletionReason, FailedFileDeletion, FileDeletion, LastOwner } from './hooks/file-deletion.js';
export type { FileHookContext } from './hooks/file-hook.js';
export type { FileHookDecorator } from './hooks/file-hook-decorator.js';
export { fileHookDefaults, fileHookLimits } from './hooks/file-hook-options.js';
export type { FileHookOptions } from './hooks/file-hook-options.js';

export { FileReconciler } from './reconcile/file-reconciler.js';
export { reconcileDefaults, reconcileLimits } from './reconcile/reconcile-defaults.js';
export type { ReconcileOptions } from './reconcile/reconcile-options.js';
export type * from './reconcile/reconcile-report.js';

export { FileImporter } from './import/file-importer.js';
export type { ImportOptions } from './import/import-options.js';
export type * from './import/import-report.js';
export type { ImportRow } from './import/import-row.js';
export { csvRows } from './import/csv-rows.js';
export type { CsvMapping, CsvSource } from './import/csv-rows.js';
export { queryRows } from './import/query-rows.js';

export type { RenditionKind, RenditionSpec, RenditionSpecArgument } from './renditions/rendition-spec.js';
export { formatRenditionSpec, kindOfRendition, toRenditionSpec } from './renditions/rendition-spec.js';
export type * from './renditions/rendition-maker.js';
export type { Rendition } from './renditions/rendition.js';
export type { RenditionOptions } from './renditions/rendition-options.js';
export type { RenditionSelector } from './renditions/rendition-selector.js';
export type { GetRenditionOptions } from './renditions/rendition-verbs.js';
export type { WarmFailure, WarmOptions, WarmReport } from './renditions/warm-report.js';

export * from './storage/storage.js';
export { localStorage } from './storage/local/local-storage.js';
export type { LocalStorageOptions } from './storage/local/local-storage.js';

export { migrate, up } from './database/migrate.js';
export type { MigrateOptions, MigrateResult } from './database/migrate.js';
export { migrationSql } from './database/migration-sql.js';
export type { DatabaseHandle } from './database/database-handle.js';
export type { ApplicationTransaction } from './database/transaction-executor.js';
export type { AdaptedTransaction } from './adapters/adapted-transaction.js';
export type * from './database/tables.js';

export { trackFileColumn } from './tracking/track-file-column.js';
export type { TrackFileColumnOptions, TrackFileColumnResult } from './tracking/track-file-column.js';
export { untrackFileColumn } from './tracking/untrack-file-column.js';
export type { UntrackFileColumnOptions, UntrackFileColumnResult } from './tracking/untrack-file-column.js';
export { trackedColumns } from './tracking/tracked-columns.js';
export type { TrackedColumn } from './tracking/tracked-columns.js';
export type { FileColumn, TableName, TrackedFileColumn } from './tracking/tracked-column.js';
export { trackFileColumnSql, untrackFileColumnSql } from './tracking/tracking-sql.js';

export * from './errors/bytes-missing-error.js';
export * from './errors/content-mismatch-error.js';
export * from './errors/content-too-large-error.js';
export * from './errors/content-type-not-allowed-error.js';
export * from './errors/database-failed-error.js';
export * from './errors/database-unavailable-error.js';
export * from './errors/file-busy-error.js';
export * from './errors/file-condemned-error.js';
export * from './errors/file-held-error.js';
export * from './errors/file-not-found-error.js';
export * from './errors/file-registry-error.js';
export * from './errors/fix-held-back-error.js';
export * from './errors/invalid-content-error.js';
export * from './errors/invalid-file-id-error.js';
export * from './errors/invalid-csv-error.js';
export * from './errors/invalid-filename-error.js';
export * from './errors/invalid-hold-reason-error.js';
export * from './errors/invalid-hook-error.js';
export * from './errors/invalid-image-error.js';
export * from './errors/invalid-key-error.js';
export * from './errors/key-busy-error.js';
export * from './errors/invalid-metadata-error.js';
export * from './errors/invalid-option-error.js';
export * from './errors/invalid-owner-error.js';
export * from './errors/invalid-range-error.js';
export * from './errors/invalid-rendition-spec-error.js';
export * from './errors/invalid-tracked-column-error.js';
export * from './errors/migration-failed-error.js';
export * from './errors/processor-stopped-error.js';
export * from './errors/reconcile-interrupted-error.js';
export * from './errors/rendition-busy-error.js';
export * from './errors/rendition-failed-error.js';
export * from './errors/rendition-limit-error.js';
export * from './errors/scheduler-missing-error.js';
export * from './errors/schema-outdated-error.js';
export * from './errors/storage-refused-error.js';
export * from './errors/storage-unavailable-error.js';
export * from './errors/storage-unusable-error.js';
export * from './errors/storage-without-rows-error.js';
export * from './errors/too-many-orphans-error.js';
export * from './errors/tracked-value-error.js';
export * from './errors/transaction-aborted-error.js';
export * from './errors/transaction-active-error.js';
export * from './errors/transaction-conflict-error.js';
export * from './errors/transaction-required-error.js';
export * from './errors/unknown-storage-error.js';
export * from './errors/upload-aborted-error.js';
export * from './errors/upload-expired-error.js';
export * from './errors/upload-failed-error.js';
export * from './errors/upload-incomplete-error.js';

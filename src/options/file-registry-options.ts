import type { DatabaseHandle } from '../database/database-handle.js';
import type { AmbientTransactionHost } from '../registry/ambient-transaction-host.js';
import type { OwnerTypesOptions } from './owner-types.js';
import type { RenditionOptions } from '../renditions/rendition-options.js';
import type { FileStorage } from '../storage/storage.js';
import type { FileRegistryTelemetry } from '../telemetry/file-registry-telemetry.js';

/** Options of `FileRegistryModule.forRoot`. Durations are milliseconds of the database's clock. */
export interface FileRegistryOptions {
  /** Where the rows are: the Kysely instance or `pg.Pool` of the application. The module never closes it. */
  readonly database: DatabaseHandle;

  /** Where the bytes are, by name. The names are written into rows: renaming a storage orphans its files. */
  readonly storages: Readonly<Record<string, FileStorage>>;

  /** The storage `store` writes to unless it is told another. Default: the only one there is. */
  readonly defaultStorage?: string | undefined;

  /**
   * Tells the application's transaction of the moment, so that `files.attach(file, owner)` needs no `in(tx)`: the `TransactionHost`
   * of @nestjs-cls/transactional, or anything with `tx` and `isTransactionActive()`. `tx` must be what `in` takes; for other
   * libraries wrap the host, such as `ambient(host, typeorm)`. While a transaction is active `store` and `adopt` are refused.
   * Default: none, and the verbs on the registry itself throw.
   */
  readonly transaction?: AmbientTransactionHost | undefined;

  /** The schema of the registry's tables and functions. Default: `file_registry`. */
  readonly schema?: string | undefined;

  /**
   * What to do about the schema at start: `check` refuses to run behind, `run` migrates (the role must be allowed to), `off`
   * asks nothing, for a database that is not there yet. Default: `check`.
   */
  readonly migrate?: 'check' | 'run' | 'off' | undefined;

  /**
   * How long a file stays after its last detach, so that a mistake can be undone. Counts from the statement, not from the
   * commit; changing it takes effect on what is already pending. 0 deletes at the processor's next pass.
   * Default: 24 hours. Limits: 0 to 10 years.
   */
  readonly gracePeriodMs?: number | undefined;

  /**
   * How long a stored file waits for its first attach. Must be longer than the application needs between `store` and
   * `attach`, a form left open included. Default: 24 hours. Limits: 0 to 10 years.
   */
  readonly unattachedTtlMs?: number | undefined;

  /**
   * How long an upload may go without progress before its key is taken back. Default: 1 hour. Limits: 1 second to 7 days.
   */
  readonly uploadTtlMs?: number | undefined;

  /** The largest content `store` takes, unless it is told another limit. Default: 5 GiB. Limits: 1 byte to 5 TiB. */
  readonly maxSizeBytes?: number | undefined;

  /** The content types `store` takes, exact or as `image/*`. Default: all. At most 100. */
  readonly allowedContentTypes?: readonly string[] | undefined;

  /**
   * Types of owners whose files are kept, or the only ones whose files are deleted: `{ ignore: ['contract'] }` for records that
   * must not lose a file by the registry, `{ only: ['article'] }` while it is introduced type by type. Decided when the period of
   * the last dropped reference is over, by its owner's type: the file is protected instead, until `unprotect`. Files that were
   * never attached go all the same, renditions go by their original, and `erase` asks nobody. Changing it frees nothing that is
   * protected already. Default: every type's files are deleted.
   */
  readonly ownerTypes?: OwnerTypesOptions | undefined;

  /**
   * How long receipts of deletions are kept; those of adopted keys for a day at least, and that long no other object can be adopted
   * under the key: a deletion that a storage carries out late would take it. Default: 30 days. Limits: 0 to 10 years.
   */
  readonly receiptRetentionMs?: number | undefined;

  /**
   * What this deployment is called, e.g. `production`. The database remembers the first name, and processors of another one
   * delete nothing: a copy of the whole server, which nothing else tells from the original, must not delete the original's
   * files. 1 to 100 bytes. Default: not compared.
   */
  readonly environment?: string | undefined;

  /**
   * Is told what the registry does: `openTelemetry()` of `nestjs-file-registry/opentelemetry` makes metrics and traces of it.
   * Default: none, at no cost.
   */
  readonly telemetry?: FileRegistryTelemetry | undefined;

  /** How renditions are made, and the sets to `warm`. Default: no maker, and only what was stored is found. */
  readonly renditions?: RenditionOptions | undefined;

  readonly processor?: ProcessorOptions | undefined;
}

/** Options of the processor, which every instance of the application may run. */
export interface ProcessorOptions {
  /**
   * Whether this process deletes on a schedule. `drain()` works in any case. Default: true, which needs
   * `ScheduleModule.forRoot()` in the application.
   */
  readonly enabled?: boolean | undefined;

  /** The pause between two passes. A pass goes on until nothing is due. Default: 1 second. Limits: 10 ms to 1 day. */
  readonly intervalMs?: number | undefined;

  /** Intents or deletions in one transaction. Default: 1,000, what one S3 request deletes. Limits: 1 to 10,000. */
  readonly batchSize?: number | undefined;

  /**
   * How long a claimed deletion belongs to this process; after that another takes it over. Default: 1 minute.
   * Limits: 1 second to 1 hour.
   */
  readonly leaseMs?: number | undefined;

  /** Failures after which a deletion is stuck until `retryStuck()`. Default: 25. Limits: 1 to 1,000. */
  readonly maxAttempts?: number | undefined;

  /** Upper bound of the pause after the first failure; it doubles with each. Default: 1 second. Limits: 1 ms to 1 hour. */
  readonly backoffBaseMs?: number | undefined;

  /** Upper bound of the pause between attempts. Default: 1 hour. Limits: 1 ms to 7 days. */
  readonly backoffMaxMs?: number | undefined;

  /**
   * How often a scheduled pass looks at the whole outbox and at all deletions instead of behind its marks, for commits that came late
   * and for files that were locked. Default: 30 seconds. Limits: 0 to 1 day.
   */
  readonly sweepIntervalMs?: number | undefined;

  /**
   * How long the bytes of a condemned file stay, counted from when a processor first sees it after the commit. For asynchronous
   * replicas and point-in-time recovery, where going back by so much may bring the row back. Default: 0.
   * Limits: 0 to 90 days.
   */
  readonly deletionDelayMs?: number | undefined;

  /** How long shutdown waits for what is in flight. Default: 10 seconds. Limits: 0 to 10 minutes. */
  readonly shutdownTimeoutMs?: number | undefined;

  /** A pool of the processor's own, so that a backlog never competes with requests. Default: the module's `database`. */
  readonly database?: DatabaseHandle | undefined;
}

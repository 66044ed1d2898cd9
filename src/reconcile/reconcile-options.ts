import type { ReconcileFinding, ReconcileProgress } from './reconcile-report.js';

export interface ReconcileOptions {
  /** The name of the storage. Default: the default storage. */
  readonly storage?: string | undefined;
  /**
   * `false` changes nothing. `'adopt'` makes files of the orphans, which then go like any file that nobody attaches, after
   * `unattachedTtlMs`, and removes empty folders. Default: false.
   */
  readonly fix?: false | 'adopt' | undefined;
  /**
   * What is compared of a file that has bytes: nothing, its size, which costs nothing, or its SHA-256 as well, which reads every
   * byte of the storage. Default: `'size'`.
   */
  readonly verify?: 'none' | 'size' | 'checksum' | undefined;
  /** Objects younger than this by the storage's clock are no orphans. Default: 1 day. Limits: 0 to 10 years. */
  readonly minAgeMs?: number | undefined;
  /**
   * Globs of keys that are left alone: `tmp/**`, `.DS_Store`, `cache/`, which is all below it. A leading dot is nothing special.
   * Default: none. Limits: 1,000 patterns of 1,024 bytes.
   */
  readonly exclude?: readonly string[] | undefined;
  /** Only keys that begin so; not bound to a `/`. Default: all. */
  readonly prefix?: string | undefined;
  /** Only keys behind this one, to go on where a reconciliation was interrupted. Default: from the first. */
  readonly after?: string | undefined;
  /** The share of orphans among the objects above which nothing is adopted. Default: 0.1. Limits: 0 to 1. */
  readonly maxOrphanShare?: number | undefined;
  /** How many orphans one run adopts; the next run goes on. Default: 10,000. Limits: 0 to 100,000. */
  readonly maxAdoptions?: number | undefined;
  /** Adopts above `maxOrphanShare`, and in a storage that no row speaks of. Default: false. */
  readonly force?: boolean | undefined;
  /** How many findings of each kind the report keeps. Default: 100. Limits: 0 to 1,000. */
  readonly samples?: number | undefined;
  /** Rows and objects compared in one step, and kept in memory. Default: 350. Limits: 1 to 10,000. */
  readonly pageSize?: number | undefined;
  /** Calls to the storage at a time, and files read at a time. Default: 8. Limits: 1 to 64. */
  readonly concurrency?: number | undefined;
  /** How often in a row something may fail before the run is given up. Default: 5. Limits: 1 to 100. */
  readonly maxAttempts?: number | undefined;
  /** The longest pause after the first failure; doubles with each, up to 5 minutes. Default: 1 s. Limits: 1 ms to 1 minute. */
  readonly backoffBaseMs?: number | undefined;
  /** Told of every finding and waited for. After an interruption some may be told again. Where it throws, the run ends. */
  readonly onFinding?: ((finding: ReconcileFinding) => void | Promise<void>) | undefined;
  /** Called after each step. */
  readonly onProgress?: ((progress: ReconcileProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

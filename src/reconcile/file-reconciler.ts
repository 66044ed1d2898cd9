import { Inject, Injectable } from '@nestjs/common';
import { jsonArgument } from '../database/call.js';
import { RegistryDatabase } from '../database/registry-database.js';
import { FixHeldBackError } from '../errors/fix-held-back-error.js';
import { ReconcileInterruptedError } from '../errors/reconcile-interrupted-error.js';
import { StorageWithoutRowsError } from '../errors/storage-without-rows-error.js';
import { TooManyOrphansError } from '../errors/too-many-orphans-error.js';
import { RESOLVED_OPTIONS } from '../options/options-token.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Obstacle } from '../outbox/drain-result.js';
import { adoptOrphans } from './adopt-orphans.js';
import type { ReconcileContext } from './reconcile-context.js';
import type { ReconcileOptions } from './reconcile-options.js';
import { ReconcilePass } from './reconcile-pass.js';
import type { ReconcileReport } from './reconcile-report.js';
import { ReconcileTally } from './reconcile-tally.js';
import { type ResolvedReconcileOptions, resolveReconcileOptions } from './resolve-reconcile-options.js';
import { retrying } from './retrying.js';

/** Compares what a storage holds with what the rows say, in both directions. */
@Injectable()
export class FileReconciler {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(RegistryDatabase) private readonly database: RegistryDatabase,
  ) {}

  /**
   * Finds bytes without a row, files without bytes, and files whose bytes are not those that were stored, in one pass over a
   * storage and in memory that does not grow with it. Changes nothing unless told to. Runs while the application works: whatever
   * is stored or deleted meanwhile is no finding. In no transaction; each step is short.
   *
   * With `fix: 'adopt'` orphans become files that nobody holds: they go, bytes included, `unattachedTtlMs` later, unless somebody
   * attaches or protects them until then. Nothing is deleted here but empty folders. Which orphans are adopted is decided when
   * all were counted, so an interrupted run adopts nothing.
   *
   * ```ts
   * const report = await reconciler.reconcile({ storage: 'media', exclude: ['tmp/'] });
   * if (report.dangling.count > 0) alarm(report.dangling.samples);
   * ```
   *
   * @throws InvalidOptionError, UnknownStorageError before anything is looked at; with `fix` also FixHeldBackError and
   *   StorageWithoutRowsError; TooManyOrphansError with the report and nothing adopted; ReconcileInterruptedError with the report
   *   of what was done, where the storage or the database fails for good, the signal fires or a callback throws.
   */
  async reconcile(options: ReconcileOptions = {}): Promise<ReconcileReport> {
    const resolved = resolveReconcileOptions(options, this.options.storages);
    const tally = new ReconcileTally(resolved);
    const storage = this.options.storages.get(resolved.storage);
    const context = { storage, database: this.database, options: resolved, tally };
    try {
      if (resolved.fix === 'adopt') await this.requireFixable(resolved);
      const pass = new ReconcilePass(context);
      await pass.run();
      if (resolved.fix === 'adopt') await this.fix(context, pass.adoptable);
      return tally.report();
    } catch (error) {
      throw isRefusal(error) ? error : interrupted(error, tally.report());
    }
  }

  private async fix(context: ReconcileContext, adoptable: readonly string[]): Promise<void> {
    const { options, storage, tally } = context;
    refuseTooMany(options, tally);
    // The pass may have taken hours; what was paused meanwhile stays as it is.
    await this.requireFixable(options);
    tally.counts.left = tally.orphans - adoptable.length;
    await adoptOrphans(context, adoptable);
    const keep = (folder: string) => !`${folder}/`.startsWith(options.prefix) || options.isExcluded(folder);
    tally.counts.prunedFolders += (await storage.prune?.({ keep, signal: options.signal })) ?? 0;
  }

  private async requireFixable(options: ResolvedReconcileOptions): Promise<void> {
    const { obstacle } = await retrying(options, () =>
      this.database.step<{ readonly obstacle: Obstacle | null }>('due_work', [
        jsonArgument([]),
        ['text[]', '{}'],
        ['bigint', this.options.receiptRetentionMs],
        ['text', this.options.environment],
      ]),
    );
    if (obstacle !== null) throw heldBack(obstacle, options.storage);
    if (options.force) return;

    const known = await retrying(options, () =>
      this.database.call<boolean>('knows_storage', [['text', options.storage]]),
    );
    if (known) return;
    throw new StorageWithoutRowsError(
      `No row of the registry speaks of the storage '${options.storage}', so every object in it would count as an orphan. ` +
        'Check the name and the database; if the objects are to go, pass force: true.',
      { context: { storage: options.storage } },
    );
  }
}

function heldBack(obstacle: Obstacle, storage: string): FixHeldBackError {
  return new FixHeldBackError(
    obstacle === 'paused'
      ? `Nothing in '${storage}' is adopted: the processors are paused. Call OutboxProcessor.resume() first, or reconcile without fix.`
      : `Nothing in '${storage}' is adopted: these rows came from another server, database or environment, and the objects may be ` +
          'files there. If this database has replaced the original, call OutboxProcessor.takeOwnership() first.',
    { context: { storage, obstacle } },
  );
}

function refuseTooMany(options: ResolvedReconcileOptions, tally: ReconcileTally): void {
  const { storage, maxOrphanShare, force } = options;
  const { objects } = tally.counts;
  if (force || tally.orphans <= objects * maxOrphanShare) return;
  throw new TooManyOrphansError(
    `${tally.orphans} of ${objects} objects in '${storage}' have no row, more than the share of ${maxOrphanShare} up to which ` +
      'they are adopted; nothing was. Look at the samples in the report: are rows missing? Then exclude what is not the ' +
      "registry's, raise maxOrphanShare, or pass force: true.",
    { context: { storage, orphans: tally.orphans, objects, maxOrphanShare }, report: tally.report() },
  );
}

function isRefusal(error: unknown): boolean {
  return [FixHeldBackError, StorageWithoutRowsError, TooManyOrphansError].some(
    (Refusal) => error instanceof Refusal,
  );
}

function interrupted(cause: unknown, report: ReconcileReport): ReconcileInterruptedError {
  const { storage, fix, lastKey, adopted } = report;
  const where = lastKey === null ? 'before the first key' : `behind '${lastKey}'`;
  const next =
    fix === 'adopt'
      ? `${adopted} orphans were adopted. Run it again from the start.`
      : lastKey === null
        ? 'Run it again.'
        : 'Pass this key as after to go on from there.';
  return new ReconcileInterruptedError(
    `The reconciliation of '${storage}' ended ${where}: ${cause instanceof Error ? cause.message : String(cause)} ${next}`,
    { context: { storage, after: lastKey }, cause, report },
  );
}

import { Logger } from '@nestjs/common';
import { jsonArgument, uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { deleteWithHooks } from '../hooks/delete-with-hooks.js';
import { type FileHookSource, noFileHooks } from '../hooks/file-hooks.js';
import type { FileStorage, StorageDeleteError } from '../storage/storage.js';
import type { DeletedCount } from '../telemetry/file-registry-telemetry.js';
import type { GuardedTelemetry } from '../telemetry/guarded-telemetry.js';
import { DeletionLease } from './deletion-lease.js';
import type { ClaimedDeletion, DeletionOutcomes } from './deletion-outcomes.js';
import type { DrainTally } from './drain-result.js';
import type { QuietMark } from './quiet-mark.js';
import { storableText } from './storable-text.js';

export interface DeletionWorkerOptions {
  readonly batchSize: number;
  readonly leaseMs: number;
  readonly deletionDelayMs: number;
  readonly maxAttempts: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  readonly uploadTtlMs: number;
  readonly telemetry: GuardedTelemetry | undefined;
}

/** What `complete_deletions` answers. */
interface Completed {
  readonly completed: number;
  readonly byReason: Readonly<Record<string, DeletedCount>>;
}

/**
 * Deletes the due objects of one storage: claims a batch in one transaction, deletes the bytes in none, writes the outcome in
 * another. A crash between any two leaves a lease that runs out; deleting again what is gone is a success.
 */
export class DeletionWorker {
  private readonly logger = new Logger('FileRegistry');

  constructor(
    readonly name: string,
    private readonly storage: FileStorage,
    private readonly database: RegistryDatabase,
    private readonly options: DeletionWorkerOptions,
    private readonly quiet: QuietMark,
    private readonly hookSource: FileHookSource = noFileHooks,
  ) {}

  /** Claims and deletes one batch and answers whether there was any. Starts nothing more once `stopping` has fired. */
  async deleteBatch(tally: DrainTally, stopping: AbortSignal): Promise<boolean> {
    if (stopping.aborted) {
      return false;
    }
    const lease = new DeletionLease(this.database, this.options.leaseMs);
    try {
      const claimed = await this.claim(lease);
      if (claimed.length > 0) {
        lease.renewFor(claimed.map((row) => row.fileId));
        await this.deleteLeased(claimed, lease, tally, stopping);
      }
      return claimed.length > 0;
    } finally {
      await lease.end();
    }
  }

  /** Deletes what is leased already, and ends the lease. Once `stopping` has fired it only gives back. */
  async deleteLeased(
    leased: readonly ClaimedDeletion[],
    lease: DeletionLease,
    tally: DrainTally,
    stopping: AbortSignal,
  ): Promise<void> {
    try {
      lease.beginStep();
      const signal = AbortSignal.any([stopping, lease.signal]);
      const outcomes = await deleteWithHooks(this.hookSource.hooks, {
        claimed: leased,
        database: this.database,
        lease,
        stopping,
        maxAttempts: this.options.maxAttempts,
        deleteBytes: (passed) => this.deleteBytes(passed, lease, signal),
      });
      await this.complete(lease, outcomes, tally);
    } finally {
      await lease.end();
    }
  }

  private claim(lease: DeletionLease): Promise<ClaimedDeletion[]> {
    return this.database.step<ClaimedDeletion[]>('claim_deletions', [
      ['text', this.name],
      ['integer', this.options.batchSize],
      ['uuid', lease.token],
      ['bigint', this.options.leaseMs],
      ['bigint', this.options.deletionDelayMs],
      ['timestamptz', this.quiet.value],
    ]);
  }

  private async deleteBytes(
    claimed: readonly ClaimedDeletion[],
    lease: DeletionLease,
    signal: AbortSignal,
  ): Promise<DeletionOutcomes> {
    let hangs = false;
    const reported = new Map<string, StorageDeleteError | undefined>();
    let refusal: StorageDeleteError = {
      message: 'the storage said nothing about this key',
      permanent: false,
    };
    if (!signal.aborted) {
      try {
        const objects = claimed.map(({ key, versionId, abandoned }) => ({
          key,
          versionId: versionId ?? undefined,
          abandoned,
        }));
        // A storage that neither answers nor heeds the signal is left alone: what it may still delete is due to go anyway.
        const answer = await Promise.race([this.storage.delete(objects, { signal }), lease.lapsed]);
        if (answer === 'lapsed') {
          hangs = true;
          throw new Error('the storage did not answer, nor end when it was told to');
        }
        for (const { key, error } of answer) {
          reported.set(key, error ?? undefined); // JavaScript likes to say null
        }
      } catch (error) {
        refusal = {
          message: error instanceof Error ? error.message : String(error),
          permanent: error instanceof FileRegistryError && error.kind === 'permanent',
        };
      }
    }

    const outcomes: DeletionOutcomes = { done: [], failed: [], unstarted: [] };
    for (const { fileId, key } of claimed) {
      const error = reported.has(key) ? reported.get(key) : refusal;
      if (error === undefined) {
        outcomes.done.push(fileId);
      } else if (signal.aborted && !error.permanent && !hangs) {
        outcomes.unstarted.push(fileId);
      } else {
        outcomes.failed.push({ fileId, error: storableText(error.message), permanent: error.permanent });
      }
    }
    return outcomes;
  }

  private async complete(
    lease: DeletionLease,
    { done, failed, unstarted }: DeletionOutcomes,
    tally: DrainTally,
  ): Promise<void> {
    const { uploadTtlMs, maxAttempts, backoffBaseMs, backoffMaxMs } = this.options;
    const token = ['uuid', lease.token] as const;
    const told = { storage: this.name, completed: {}, failed: 0, stuck: 0, lostLeases: 0, released: 0 };
    let written = 0;
    if (done.length > 0) {
      const { completed, byReason } = await this.database.step<Completed>('complete_deletions', [
        token,
        uuidArray(done),
        ['bigint', uploadTtlMs],
      ]);
      told.completed = byReason;
      tally.deleted += completed;
      written += completed;
    }
    if (failed.length > 0) {
      const answer = await this.database.step<{ failed: number; stuck: number }>('fail_deletions', [
        token,
        jsonArgument(failed),
        ['integer', maxAttempts],
        ['bigint', backoffBaseMs],
        ['bigint', backoffMaxMs],
      ]);
      told.failed = answer.failed;
      told.stuck = answer.stuck;
      tally.failed += answer.failed;
      tally.stuck += answer.stuck;
      written += answer.failed;
      this.warn(
        `${failed.length} deletion(s) failed, ${answer.stuck} of them stuck until retryStuck(); the first: ${failed[0]?.error}`,
      );
    }
    if (unstarted.length > 0) {
      const released = await this.database.step<number>('release_deletions', [token, uuidArray(unstarted)]);
      told.released = released;
      tally.released += released;
      written += released;
    }
    const lost = done.length + failed.length + unstarted.length - written;
    if (lost > 0) {
      told.lostLeases = lost;
      tally.lostLeases += lost;
      this.warn(
        `The lease of ${lost} deletion(s) was lost before the outcome was written; another process takes them over.`,
      );
    }
    this.options.telemetry?.deleted(told);
  }

  private warn(message: string): void {
    this.logger.warn(`Storage '${this.name}': ${message}`);
  }
}

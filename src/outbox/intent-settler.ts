import { Logger } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import { textArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { sqlStateOf } from '../database/sql-state.js';
import { type FileHookSource, hasFileHooks, noFileHooks } from '../hooks/file-hooks.js';
import type { ClaimedDeletion } from './deletion-outcomes.js';
import type { DrainTally } from './drain-result.js';
import type { IntentPolicy } from '../options/intent-policies.js';
import type { ResolvedOptions } from '../options/resolve-options.js';

export interface CondemnedDeletion extends ClaimedDeletion {
  readonly storage: string;
}

/** What `settle` answers. */
interface SettleAnswer {
  readonly claimed: number;
  readonly condemned: number;
  /** What of the condemned was leased at once. */
  readonly leased: readonly Omit<CondemnedDeletion, 'abandoned'>[] | null;
  readonly dropped: number;
  readonly left: number;
  /** The last intent of the batch; there unless nothing was claimed. */
  readonly notedAt?: string;
  readonly seq?: number;
  readonly failure?: { readonly code: string; readonly message: string } | null;
}

/** What one batch came to. */
export interface SettledBatch {
  /** Whether there was any intent. */
  readonly found: boolean;
  /** What it condemned and leased to `token` for the caller to delete. */
  readonly leased: readonly CondemnedDeletion[];
  readonly token: string;
  /** When the statement was sent, by `performance.now()`. */
  readonly sentAt: number;
}

/** A place in the outbox: everything of this reason up to it was seen. */
interface Mark {
  readonly notedAt: string;
  readonly seq: number;
}

const beginning: Mark = { notedAt: '-infinity', seq: 0 };

/**
 * Settles the intents of one reason batch by batch, behind a low-water mark. A batch that fails is halved until the intent
 * that fails stands alone; that one is passed over until the next sweep, so that it blocks nobody.
 */
export class IntentSettler {
  private readonly logger = new Logger('FileRegistry');
  private mark = beginning;
  private batchSize: number;

  constructor(
    private readonly policy: IntentPolicy,
    private readonly database: RegistryDatabase,
    private readonly options: ResolvedOptions,
    private readonly hookSource: FileHookSource = noFileHooks,
  ) {
    this.batchSize = options.processor.batchSize;
  }

  get reason(): string {
    return this.policy.reason;
  }

  /** What `due_work` needs to look behind the mark. */
  get position(): Record<string, unknown> {
    return { ...this.policy, afterNotedAt: this.mark.notedAt, afterSeq: this.mark.seq };
  }

  /** Forgets the mark: the next batch begins with the oldest intent there is. */
  sweep(): void {
    this.mark = beginning;
  }

  /** Settles one batch. What it condemns in the storages of this process is leased to it, unless bytes stay for a while. */
  async settleBatch(tally: DrainTally): Promise<SettledBatch> {
    const nothing = { leased: [], token: uuidv4(), sentAt: performance.now() };
    const settle = () => this.settle(nothing.token);
    const answer = await (this.options.telemetry?.settling(this.policy.reason, settle) ?? settle());
    if (answer === 'cancelled') {
      this.halve();
      return { ...nothing, found: true };
    }
    if (answer.notedAt === undefined || answer.seq === undefined) {
      return { ...nothing, found: false };
    }
    if (answer.failure) {
      this.passOver(answer.failure, { notedAt: answer.notedAt, seq: answer.seq }, tally);
      return { ...nothing, found: true };
    }
    tally.condemned += answer.condemned;
    tally.dropped += answer.dropped;
    tally.left += answer.left;
    this.mark = { notedAt: answer.notedAt, seq: answer.seq };
    this.batchSize = Math.min(this.batchSize * 2, this.options.processor.batchSize);
    const leased = (answer.leased ?? []).map((row) => ({ ...row, abandoned: false }));
    return { ...nothing, found: true, leased };
  }

  /** A statement_timeout of the role cancels a step as a whole, beyond what the step itself can catch: smaller ones fit. */
  private async settle(token: string): Promise<SettleAnswer | 'cancelled'> {
    const { ownerTypes, processor, storages } = this.options;
    // Leased ahead, what follows would wait for hooks, which may take longer than any lease.
    const ahead = processor.deletionDelayMs === 0 && !hasFileHooks(this.hookSource.hooks);
    const leaseStorages = ahead ? [...storages].map(([name]) => name) : [];
    try {
      return await this.database.step<SettleAnswer>('settle', [
        ['text', this.policy.reason],
        ['bigint', this.policy.periodMs],
        ['integer', this.batchSize],
        ['timestamptz', this.mark.notedAt],
        ['bigint', this.mark.seq],
        textArray(ownerTypes.ignore),
        ownerTypes.only === null ? ['text[]', null] : textArray(ownerTypes.only),
        ['uuid', token],
        ['bigint', processor.leaseMs],
        textArray(leaseStorages),
      ]);
    } catch (error) {
      if (sqlStateOf(error) === '57014' && this.batchSize > 1) {
        return 'cancelled';
      }
      throw error;
    }
  }

  private halve(): void {
    this.batchSize = Math.ceil(this.batchSize / 2);
  }

  private passOver(failure: { code: string; message: string }, last: Mark, tally: DrainTally): void {
    if (this.batchSize > 1) {
      this.halve();
      return;
    }
    this.mark = last;
    tally.unsettled++;
    this.logger.warn(
      `An intent of reason '${this.policy.reason}' could not be settled (${failure.code}: ${failure.message}); it is tried again at the next sweep.`,
    );
  }
}

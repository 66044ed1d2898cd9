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
import { allOrFirstFailure } from './all-or-first-failure.js';

export interface CondemnedDeletion extends ClaimedDeletion {
  readonly storage: string;
}

/** What `settle` answers. */
interface SettleAnswer {
  readonly claimed: number;
  readonly condemned: number;
  /** What of the condemned was leased at once. */
  readonly leased: readonly Omit<CondemnedDeletion, 'abandoned'>[] | null;
  /** Files protected because a record of a left-out type let them go. */
  readonly kept: number;
  readonly dropped: number;
  readonly left: number;
  /** The last intent of the batch; there unless nothing was claimed. */
  readonly notedAt?: string;
  readonly seq?: number;
  readonly failure?: SettleFailure | null;
}

type ClaimedAnswer = SettleAnswer & Required<Pick<SettleAnswer, 'notedAt' | 'seq'>>;

interface SettleFailure {
  readonly code: string;
  readonly message: string;
}

/** What one batch condemned and leased to `token` for the caller to delete. */
export interface SettledBatch {
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

/** Behind a backlog: one backend condemns 15,000 files/s, half of what the rest of a pass can follow. */
const batchesAtOnce = 2;

/**
 * Settles the intents of one reason batch by batch, behind a low-water mark. A batch that fails is halved until the intent
 * that fails stands alone; that one is passed over until the next sweep, so that it blocks nobody.
 *
 * Two batches at once may leave an intent for no other reason than each other: that of a file whose younger one the other batch held
 * and condemned the file by. So what was left beside condemned files is looked at once more, alone, when nothing else is there.
 */
export class IntentSettler {
  private readonly logger = new Logger('FileRegistry');
  private mark = beginning;
  private batchSize: number;
  private atOnce = 1;
  /** Where batches at once began to leave intents. */
  private leftFrom: Mark | undefined;
  private lookingAgain = false;

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
    this.leftFrom = undefined;
    this.lookingAgain = false;
  }

  /**
   * Settles a batch, or two behind a backlog, and answers whether there is more to look at. What a batch condemns in the storages of
   * this process is leased to it and told to `onLeased`, unless bytes stay for a while.
   */
  async settleNext(tally: DrainTally, onLeased: (batch: SettledBatch) => void): Promise<boolean> {
    const answers = await allOrFirstFailure(
      Array.from({ length: this.atOnce }, () => this.settleBatch(onLeased)),
    );
    const settled: ClaimedAnswer[] = [];
    let failed: SettleFailure | 'cancelled' | undefined;
    for (const answer of answers) {
      if (answer === 'cancelled') {
        failed = answer;
      } else if (hasClaimed(answer)) {
        settled.push(answer);
        failed ??= answer.failure ?? undefined;
      }
    }
    this.count(settled, tally);
    if (failed !== undefined) {
      this.giveWay(failed, settled, tally);
      return true;
    }
    if (settled.length === 0) {
      return this.lookAgain();
    }
    const { batchSize } = this.options.processor;
    const isBacklog = settled.every(({ claimed }) => claimed === batchSize);
    this.mark = settled.map(markOf).reduce(later);
    this.batchSize = Math.min(this.batchSize * 2, batchSize);
    this.atOnce = isBacklog && !this.lookingAgain ? batchesAtOnce : 1;
    return true;
  }

  private async settleBatch(onLeased: (batch: SettledBatch) => void): Promise<SettleAnswer | 'cancelled'> {
    const [token, sentAt] = [uuidv4(), performance.now()];
    const settle = () => this.settle(token);
    const answer = await (this.options.telemetry?.settling(this.policy.reason, settle) ?? settle());
    if (answer !== 'cancelled' && answer.leased) {
      onLeased({ leased: answer.leased.map((row) => ({ ...row, abandoned: false })), token, sentAt });
    }
    return answer;
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

  private count(settled: readonly ClaimedAnswer[], tally: DrainTally): void {
    const counted = settled.filter(({ failure }) => !failure);
    const mayBeEachOthers = this.atOnce > 1 && counted.some(({ condemned, kept }) => condemned + kept > 0);
    for (const { condemned, dropped, left } of counted) {
      tally.condemned += condemned;
      tally.dropped += dropped;
      if (!mayBeEachOthers) {
        tally.left += left;
      } else if (left > 0) {
        this.leftFrom ??= this.mark;
      }
    }
  }

  /** The mark stays, so that what failed is settled again: alone, then in smaller batches, at last passed over. */
  private giveWay(
    failed: SettleFailure | 'cancelled',
    [settled]: readonly ClaimedAnswer[],
    tally: DrainTally,
  ): void {
    if (this.atOnce > 1) {
      this.atOnce = 1;
    } else if (this.batchSize > 1) {
      this.batchSize = Math.ceil(this.batchSize / 2);
    } else if (failed !== 'cancelled' && settled !== undefined) {
      this.mark = markOf(settled);
      tally.unsettled++;
      this.logger.warn(
        `An intent of reason '${this.policy.reason}' could not be settled (${failed.code}: ${failed.message}); it is tried again at the next sweep.`,
      );
    }
  }

  private lookAgain(): boolean {
    this.atOnce = 1;
    this.lookingAgain = this.leftFrom !== undefined;
    this.mark = this.leftFrom ?? this.mark;
    this.leftFrom = undefined;
    return this.lookingAgain;
  }
}

function hasClaimed(answer: SettleAnswer): answer is ClaimedAnswer {
  return answer.notedAt !== undefined && answer.seq !== undefined;
}

function markOf({ notedAt, seq }: ClaimedAnswer): Mark {
  return { notedAt, seq };
}

/** To the millisecond, which is enough: behind the wrong one of two, some dead rows are read again. */
function later(a: Mark, b: Mark): Mark {
  return Date.parse(a.notedAt) > Date.parse(b.notedAt) ? a : b;
}

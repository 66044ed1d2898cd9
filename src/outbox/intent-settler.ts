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
import { compareMarks, firstMark, type OutboxMark } from './outbox-mark.js';

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

/** Behind a backlog: one backend condemns 10,000 to 15,000 files/s, half of what the rest of a pass can follow. */
const batchesAtOnce = 2;

/**
 * Settles the intents of one reason batch by batch, behind a low-water mark. A batch that fails is halved until the intent
 * that fails stands alone; that one is passed over until the next sweep, so that it blocks nobody.
 *
 * Two batches at once may leave an intent for no other reason than each other: that of a file whose younger one the other batch held
 * and condemned the file by. So what they left beside condemned files is looked at once more, alone, when nothing else is there.
 */
export class IntentSettler {
  private readonly logger = new Logger('FileRegistry');
  private mark = firstMark;
  private batchSize: number;
  /** Whether the last batches came back full. */
  private isBacklog = false;
  /** Until the next sweep: two at once have failed, perhaps because of each other. */
  private alone = false;
  /** What is to be looked at again, and how many intents were left behind it. */
  private again:
    { readonly from: OutboxMark; readonly to: OutboxMark; readonly leftBehind: number } | undefined;
  /** Where to go on after that; there while it is looked at. */
  private resumeAt: OutboxMark | undefined;

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
    this.mark = firstMark;
    this.isBacklog = false;
    this.alone = false;
    this.again = undefined;
    this.resumeAt = undefined;
  }

  /**
   * Settles a batch, or two behind a backlog, and answers whether there is more to look at. What a batch condemns in the storages of
   * this process is leased to it and told to `onLeased`, unless bytes stay for a while.
   */
  async settleNext(tally: DrainTally, onLeased: (batch: SettledBatch) => void): Promise<boolean> {
    const answers = await this.settleBatches(onLeased);
    const settled = answers.filter((answer) => answer !== 'cancelled').filter(hasClaimed);
    for (const { condemned, dropped } of settled) {
      tally.condemned += condemned;
      tally.dropped += dropped;
    }
    const failed = answers.includes('cancelled')
      ? 'cancelled'
      : settled.find(({ failure }) => failure)?.failure;
    if (failed) {
      this.giveWay(failed, settled, tally);
      return true;
    }
    if (settled.length === 0) {
      return this.endOrLookAgain(tally);
    }

    const { batchSize } = this.options.processor;
    const from = this.mark;
    this.mark = settled.map(markOf).reduce(later);
    this.countLeft(settled, from, tally);
    if (this.resumeAt && this.again && compareMarks(this.mark, this.again.to) >= 0) {
      this.resume(this.resumeAt);
    }
    this.batchSize = Math.min(this.batchSize * 2, batchSize);
    this.isBacklog = settled.every(({ claimed }) => claimed === batchSize);
    return true;
  }

  private get atOnce(): number {
    return this.isBacklog && !this.alone && !this.resumeAt ? batchesAtOnce : 1;
  }

  private async settleBatches(
    onLeased: (batch: SettledBatch) => void,
  ): Promise<(SettleAnswer | 'cancelled')[]> {
    try {
      return await allOrFirstFailure(Array.from({ length: this.atOnce }, () => this.settleBatch(onLeased)));
    } catch (error) {
      this.alone ||= this.atOnce > 1;
      throw error;
    }
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
      if (sqlStateOf(error) === '57014' && (this.batchSize > 1 || this.atOnce > 1)) {
        return 'cancelled';
      }
      throw error;
    }
  }

  /** Each is counted once: not now where it is looked at again. */
  private countLeft(settled: readonly ClaimedAnswer[], from: OutboxMark, tally: DrainTally): void {
    const left = settled.reduce((sum, answer) => sum + answer.left, 0);
    const mayBeEachOthers = settled.length > 1 && settled.some(({ condemned, kept }) => condemned + kept > 0);
    if (left > 0 && mayBeEachOthers) {
      this.again = { from: this.again?.from ?? from, to: this.mark, leftBehind: 0 };
    } else if (this.again && !this.resumeAt) {
      this.again = { ...this.again, leftBehind: this.again.leftBehind + left };
    } else {
      tally.left += left;
    }
  }

  /** The mark stays, so that what failed is settled again: alone, then in smaller batches, at last passed over. */
  private giveWay(
    failed: SettleFailure | 'cancelled',
    [settled]: readonly ClaimedAnswer[],
    tally: DrainTally,
  ): void {
    if (this.atOnce > 1) {
      this.alone = true;
    } else if (this.batchSize > 1) {
      this.batchSize = Math.ceil(this.batchSize / 2);
    } else if (failed !== 'cancelled' && settled) {
      this.mark = markOf(settled);
      this.notePassedOver(failed, tally);
    }
  }

  private notePassedOver({ code, message }: SettleFailure, tally: DrainTally): void {
    if (this.resumeAt) {
      return; // and so noted before
    }
    tally.unsettled++;
    this.logger.warn(
      `An intent of reason '${this.policy.reason}' could not be settled (${code}: ${message}); it is tried again at the next sweep.`,
    );
  }

  /** When nothing more is there. */
  private endOrLookAgain(tally: DrainTally): boolean {
    this.isBacklog = false;
    if (this.resumeAt) {
      this.resume(this.resumeAt);
      return false;
    }
    if (this.again === undefined) {
      return false;
    }
    tally.left += this.again.leftBehind;
    this.resumeAt = this.mark;
    this.mark = this.again.from;
    return true;
  }

  private resume(mark: OutboxMark): void {
    this.mark = later(mark, this.mark);
    this.again = undefined;
    this.resumeAt = undefined;
  }
}

function hasClaimed(answer: SettleAnswer): answer is ClaimedAnswer {
  return answer.notedAt !== undefined && answer.seq !== undefined;
}

function markOf({ notedAt, seq }: ClaimedAnswer): OutboxMark {
  return { notedAt, seq };
}

function later(a: OutboxMark, b: OutboxMark): OutboxMark {
  return compareMarks(a, b) > 0 ? a : b;
}

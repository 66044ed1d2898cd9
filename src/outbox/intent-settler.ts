import { Logger } from '@nestjs/common';
import type { RegistryDatabase } from '../database/registry-database.js';
import { sqlStateOf } from '../database/sql-state.js';
import type { DrainTally } from './drain-result.js';
import type { IntentPolicy } from '../options/intent-policies.js';

/** What `settle` answers. */
interface SettleAnswer {
  readonly claimed: number;
  readonly condemned: number;
  readonly dropped: number;
  readonly left: number;
  /** The last intent of the batch; there unless nothing was claimed. */
  readonly notedAt?: string;
  readonly seq?: number;
  readonly failure?: { readonly code: string; readonly message: string } | null;
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
    private readonly batchSizeMax: number,
  ) {
    this.batchSize = batchSizeMax;
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

  /** Settles one batch and answers whether there was any. */
  async settleBatch(tally: DrainTally): Promise<boolean> {
    const answer = await this.settle();
    if (answer === 'cancelled') {
      this.halve();
      return true;
    }
    if (answer.notedAt === undefined || answer.seq === undefined) {
      return false;
    }
    if (answer.failure) {
      this.passOver(answer.failure, { notedAt: answer.notedAt, seq: answer.seq }, tally);
      return true;
    }
    tally.condemned += answer.condemned;
    tally.dropped += answer.dropped;
    tally.left += answer.left;
    this.mark = { notedAt: answer.notedAt, seq: answer.seq };
    this.batchSize = Math.min(this.batchSize * 2, this.batchSizeMax);
    return true;
  }

  /** A statement_timeout of the role cancels a step as a whole, beyond what the step itself can catch: smaller ones fit. */
  private async settle(): Promise<SettleAnswer | 'cancelled'> {
    try {
      return await this.database.step<SettleAnswer>('settle', [
        ['text', this.policy.reason],
        ['bigint', this.policy.periodMs],
        ['integer', this.batchSize],
        ['timestamptz', this.mark.notedAt],
        ['bigint', this.mark.seq],
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

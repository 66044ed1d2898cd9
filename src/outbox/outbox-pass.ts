import { jsonArgument, textArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { allOrFirstFailure } from './all-or-first-failure.js';
import { DeletionLease } from './deletion-lease.js';
import type { DeletionWorker } from './deletion-worker.js';
import { type DrainTally, newTally, type Obstacle } from './drain-result.js';
import type { CondemnedDeletion, IntentSettler, SettledBatch } from './intent-settler.js';
import type { ReceiptPruner } from './receipt-pruner.js';

/** Batches of each kind in one pass; the next pass goes on. A bound, not a target: 100 million files at the default size. */
const roundsMax = 100_000;

/** Behind a long backlog of intents, retries and given-up uploads get every tenth round. */
const roundsPerClaim = 10;

/** What a settle has condemned in one storage and leased to this process, until the next round deletes it. */
interface CondemnedBatch {
  readonly worker: DeletionWorker;
  readonly leased: readonly CondemnedDeletion[];
  readonly lease: DeletionLease;
}

/**
 * One pass: settles what is next of each reason while it deletes what the round before has condemned, until a whole round
 * finds nothing. So the database condemns while the storage deletes, and no more than a round's files are leased ahead.
 */
export class OutboxPass {
  private readonly tally = newTally();
  /** What the round before has condemned and leased. */
  private condemned: readonly CondemnedBatch[] = [];

  constructor(
    private readonly settlers: readonly IntentSettler[],
    private readonly workers: readonly DeletionWorker[],
    private readonly pruner: ReceiptPruner,
    private readonly database: RegistryDatabase,
    private readonly options: ResolvedOptions,
    private readonly stopping: AbortSignal,
  ) {}

  async run(): Promise<DrainTally> {
    try {
      for (let round = 0; round < roundsMax && !this.stopping.aborted; round++) {
        if (!(await this.runRound(round))) {
          break;
        }
      }
    } finally {
      // Leased ahead of a stop or a failure, and for nothing: others may have it at once, or when the lease ends.
      await this.deleteCondemned(this.condemned, AbortSignal.abort()).catch(() => undefined);
    }
    return this.tally;
  }

  private async runRound(round: number): Promise<boolean> {
    const condemned = this.condemned;
    const condemnedNext: CondemnedBatch[] = [];
    try {
      const found = await allOrFirstFailure([
        this.settle(condemnedNext),
        this.deleteUnlessHeldBack(condemned),
        condemned.length === 0 || round % roundsPerClaim === 0 ? this.deleteClaimed() : false,
        this.pruner.pruneBatch(this.tally),
      ]);
      return found.includes(true);
    } finally {
      this.condemned = condemnedNext;
    }
  }

  private async settle(condemned: CondemnedBatch[]): Promise<boolean> {
    let foundAny = false;
    for (const settler of this.settlers) {
      if (this.stopping.aborted) {
        break;
      }
      const found = await settler.settleNext(this.tally, (batch) => this.lease(batch, condemned));
      foundAny ||= found;
    }
    return foundAny;
  }

  private lease({ leased, token, sentAt }: SettledBatch, condemned: CondemnedBatch[]): void {
    for (const worker of this.workers) {
      const here = leased.filter(({ storage }) => storage === worker.name);
      if (here.length > 0) {
        const { leaseMs } = this.options.processor;
        const lease = new DeletionLease(this.database, leaseMs, token, performance.now() - sentAt);
        lease.renewFor(here.map(({ fileId }) => fileId));
        condemned.push({ worker, leased: here, lease });
      }
    }
  }

  /** The deletions of the round before may have taken long: what was leased ahead of a pause is given back. */
  private async deleteUnlessHeldBack(batches: readonly CondemnedBatch[]): Promise<boolean> {
    if (batches.length === 0) {
      return false;
    }
    let stopping = AbortSignal.abort();
    try {
      if ((await this.askForObstacle()) === null) {
        stopping = this.stopping;
      }
    } finally {
      await this.deleteCondemned(batches, stopping);
    }
    return true;
  }

  private async deleteCondemned(batches: readonly CondemnedBatch[], stopping: AbortSignal): Promise<void> {
    await allOrFirstFailure(
      batches.map(({ worker, leased, lease }) => worker.deleteLeased(leased, lease, this.tally, stopping)),
    );
  }

  private async askForObstacle(): Promise<Obstacle | null> {
    const { obstacle } = await this.database.step<{ readonly obstacle: Obstacle | null }>('due_work', [
      jsonArgument([]),
      textArray([]),
      ['bigint', this.options.receiptRetentionMs],
      ['text', this.options.environment],
    ]);
    return obstacle;
  }

  private async deleteClaimed(): Promise<boolean> {
    const found = await allOrFirstFailure(
      this.workers.map((worker) => worker.deleteBatch(this.tally, this.stopping)),
    );
    return found.includes(true);
  }
}

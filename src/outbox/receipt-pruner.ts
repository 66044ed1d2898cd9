import type { RegistryDatabase } from '../database/registry-database.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { DrainTally } from './drain-result.js';
import type { QuietMark } from './quiet-mark.js';

/** Forgets receipts whose retention is over, batch by batch. */
export class ReceiptPruner {
  constructor(
    private readonly database: RegistryDatabase,
    private readonly options: ResolvedOptions,
    private readonly quiet: QuietMark,
  ) {}

  /** Answers whether there was any. */
  async pruneBatch(tally: DrainTally): Promise<boolean> {
    const pruned = await this.database.step<number>('prune_receipts', [
      ['bigint', this.options.receiptRetentionMs],
      ['integer', this.options.processor.batchSize],
      ['timestamptz', this.quiet.value],
    ]);
    tally.prunedReceipts += pruned;
    return pruned > 0;
  }
}

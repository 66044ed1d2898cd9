import { Logger } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { withinTime } from '../database/within-time.js';

/** Ten lengths of a lease: a storage that needs longer for one batch hangs, and must not hold it for ever. */
const stepLengths = 10;

/**
 * The right to delete a batch of objects for a while. Renewed at every third of its length, for ten lengths a step; its signal
 * fires when two thirds went by without a renewal, so that what was started then still ends within the lease.
 *
 * Only durations are measured here, from before the statement was sent; the end itself is the database's.
 */
export class DeletionLease {
  private readonly logger = new Logger('FileRegistry');
  private readonly ending = new AbortController();
  private readonly ended = Promise.withResolvers<'lapsed'>();
  private renewals = 0;
  private renewalsMax = 3 * stepLengths;
  private renewal: NodeJS.Timeout | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private renewing: Promise<void> = Promise.resolve();

  /** `elapsedMs` is how long ago the statement was sent that leased the objects to `token`. */
  constructor(
    private readonly database: RegistryDatabase,
    private readonly leaseMs: number,
    readonly token: string = uuidv4(),
    elapsedMs = 0,
  ) {
    this.prolong(elapsedMs);
  }

  /** Fires when no further deletion may be started. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Resolves when the lease is over without having been ended. */
  get lapsed(): Promise<'lapsed'> {
    return this.ended.promise;
  }

  renewFor(fileIds: readonly string[]): void {
    this.renewal = setInterval(() => {
      if (++this.renewals <= this.renewalsMax) {
        this.renewing = this.renew(fileIds);
      }
    }, this.leaseMs / 3);
    this.renewal.unref();
  }

  /** How long a step may go on beginning something. */
  get stepMs(): number {
    return stepLengths * this.leaseMs;
  }

  /** Lets it be renewed for another step, and as much longer as what that step begins last may take. */
  beginStep(lastMs = 0): void {
    this.renewals = 0;
    this.renewalsMax = 3 * stepLengths + Math.ceil((3 * lastMs) / this.leaseMs);
  }

  /**
   * Also waits for a renewal that is under way, for as long as a lease lasts at most: it would have the rows locked, and a claim that
   * follows would pass by what was just given back.
   */
  async end(): Promise<void> {
    clearInterval(this.renewal);
    clearTimeout(this.deadline);
    await withinTime(this.renewing, this.leaseMs);
  }

  private async renew(fileIds: readonly string[]): Promise<void> {
    const sentAt = performance.now();
    try {
      const held = await this.database.step<number>('renew_lease', [
        ['uuid', this.token],
        uuidArray(fileIds),
        ['bigint', this.leaseMs],
      ]);
      if (held < fileIds.length) {
        this.ending.abort();
        return;
      }
      this.prolong(performance.now() - sentAt);
    } catch (error) {
      this.logger.warn(
        `A lease could not be renewed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  private prolong(elapsedMs: number): void {
    clearTimeout(this.deadline);
    const leftMs = Math.max(0, this.leaseMs - elapsedMs);
    this.deadline = setTimeout(
      () => {
        this.ending.abort();
        this.deadline = setTimeout(() => this.ended.resolve('lapsed'), this.leaseMs / 3);
        this.deadline.unref();
      },
      Math.max(0, leftMs - this.leaseMs / 3),
    );
    this.deadline.unref();
  }
}

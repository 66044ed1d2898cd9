import type { Argument } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import type { RenditionFailure, RenditionName } from './rendition-errors.js';

/** Renewals within one lease: two may fail before it ends. */
const renewalsPerLease = 3;

/** The right to make one rendition, over all processes, until it ends or is another's. */
export class RenditionLease {
  constructor(
    private readonly name: RenditionName,
    readonly token: string,
    private readonly leaseMs: number,
    private readonly database: RegistryDatabase,
  ) {}

  /**
   * Renews it until `stop` is called; `onLost` is called when it is another's or could not be renewed in time, because the database
   * was away or did not answer.
   */
  keep(onLost: () => void): { stop(): void } {
    let renewedAt = performance.now();
    // By turns and not by the clock: a maker that keeps the process busy is not what this is about.
    let silentTurns = 0;
    const lost = () => {
      clearInterval(timer);
      onLost();
    };
    const timer = setInterval(() => {
      if (++silentTurns > 1) {
        if (silentTurns === renewalsPerLease) {
          lost();
        }
        return;
      }
      const askedAt = performance.now();
      this.call<boolean>('renew_rendition_lease', ['bigint', this.leaseMs])
        .then((renewed) => {
          renewedAt = askedAt;
          return renewed;
        })
        // A database that is away for a moment is asked again at the next turn.
        .catch(() => performance.now() - renewedAt < this.leaseMs)
        .then((kept) => {
          silentTurns = 0;
          if (!kept) {
            lost();
          }
        });
    }, this.leaseMs / renewalsPerLease);
    timer.unref();
    return { stop: () => clearInterval(timer) };
  }

  /** Tells all who wait. */
  async fail(failure: RenditionFailure, failureTtlMs: number): Promise<void> {
    await this.call('fail_rendition', ['jsonb', JSON.stringify(failure)], ['bigint', failureTtlMs]);
  }

  /** Lets the next who asks make it. */
  async release(): Promise<void> {
    await this.call('release_rendition');
  }

  private call<Result>(statement: string, ...more: Argument[]): Promise<Result> {
    return this.database.call<Result>(statement, [
      ['uuid', this.name.originalId],
      ['text', this.name.slot],
      ['uuid', this.token],
      ...more,
    ]);
  }
}

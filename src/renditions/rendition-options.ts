import type { RenditionMaker } from './rendition-maker.js';
import type { RenditionSpecArgument } from './rendition-spec.js';

/** How renditions are made. Durations are milliseconds; leases and failures count by the database's clock. */
export interface RenditionOptions {
  /** Makes what `rendition` and `warm` do not find, such as `sharpMaker()`. Default: none, and only what was stored is found. */
  readonly maker?: RenditionMaker | undefined;

  /**
   * Sets of specs by name, for `warm`: what a gallery or a list needs of each picture. At most 100 sets of 1 to 100 specs, which the
   * maker must know. Default: none.
   */
  readonly sets?: Readonly<Record<string, readonly RenditionSpecArgument[]>> | undefined;

  /** The storage that renditions are written to. Default: the one their original is in. */
  readonly storage?: string | undefined;

  /** How long making one may take, until its bytes are stored. Default: 1 minute. Limits: 10 ms to 1 day. */
  readonly timeoutMs?: number | undefined;

  /**
   * How long a maker that died keeps others from making the same. One that lives renews its lease three times in that time.
   * Default: 15 seconds. Limits: 1 second to 1 hour.
   */
  readonly leaseMs?: number | undefined;

  /**
   * How long all who ask are told of a failure before it is tried again, so that a broken original is not tried with every request.
   * Default: 10 seconds. Limits: 1 second, which those who wait need to learn of it, to 1 day.
   */
  readonly failureTtlMs?: number | undefined;

  /** How long `rendition` waits for one that another process makes. Default: 2 minutes. Limits: 0 to 1 day. */
  readonly waitTimeoutMs?: number | undefined;
}

/** What a hook needs of the lease of its deletions. */
export interface HookLease {
  readonly stepMs: number;
  readonly signal: AbortSignal;
  readonly lapsed: Promise<'lapsed'>;
}

/**
 * The calls of one hook for one batch: how long they may go on. The first is always begun, so that hooks that are slow beside a
 * short lease get on all the same.
 */
export class HookStep {
  private readonly beganAt = performance.now();
  private begun = false;

  constructor(
    readonly lease: HookLease,
    private readonly ending: AbortSignal,
  ) {}

  /** Asked before each call. */
  mayBegin(): boolean {
    const mayBegin =
      !this.ending.aborted && (!this.begun || performance.now() - this.beganAt < this.lease.stepMs);
    this.begun = true;
    return mayBegin;
  }
}

import { Logger } from '@nestjs/common';
import type { DrainTally } from '../outbox/drain-result.js';
import { errorType } from './error-type.js';
import type {
  DeletedBatch,
  FileRegistryTelemetry,
  ObservableRegistry,
  Observation,
  ObservedPass,
  ObservedStorageCall,
  SettledBatch,
  StorageCallResult,
} from './file-registry-telemetry.js';

/** What the settler knows of a batch: an answer, or that a time limit cancelled it. */
type SettleAnswer =
  | 'cancelled'
  | (Pick<SettledBatch, 'claimed' | 'condemned' | 'dropped' | 'left'> & {
      readonly failure?: { readonly code: string } | null;
    });

/** Keeps what telemetry throws away from the work: it is logged once, and the work goes on unobserved. */
export class GuardedTelemetry {
  private readonly logger = new Logger('FileRegistry');
  private told = false;

  constructor(private readonly telemetry: FileRegistryTelemetry) {}

  watch(registry: ObservableRegistry): () => void {
    const end = this.guard(() => this.telemetry.watch?.(registry));
    return () => this.guard(() => end?.());
  }

  async pass(pass: ObservedPass, run: () => Promise<DrainTally>): Promise<DrainTally> {
    const observation = this.begin(() => this.telemetry.beginPass?.(pass));
    try {
      const tally = await observation.run(run);
      observation.succeed({ ...tally });
      return tally;
    } catch (error) {
      observation.fail(error);
      throw error;
    }
  }

  beginStorageCall(call: ObservedStorageCall): GuardedObservation<StorageCallResult> {
    return this.begin(() => this.telemetry.beginStorageCall?.(call));
  }

  async settling<Answer extends SettleAnswer>(
    reason: string,
    settle: () => Promise<Answer>,
  ): Promise<Answer> {
    const startedAt = performance.now();
    const told = (batch: Partial<SettledBatch>) =>
      this.guard(() =>
        this.telemetry.settled?.({
          reason,
          durationMs: performance.now() - startedAt,
          claimed: 0,
          condemned: 0,
          dropped: 0,
          left: 0,
          ...batch,
        }),
      );
    try {
      const answer = await settle();
      if (answer === 'cancelled') {
        told({ errorType: '57014' });
      } else if (answer.claimed > 0) {
        const { claimed, condemned, dropped, left, failure } = answer;
        told({ claimed, condemned, dropped, left, errorType: failure?.code });
      }
      return answer;
    } catch (error) {
      told({ errorType: errorType(error) });
      throw error;
    }
  }

  deleted(batch: DeletedBatch): void {
    this.guard(() => this.telemetry.deleted?.(batch));
  }

  private begin<Result>(begin: () => Observation<Result> | undefined): GuardedObservation<Result> {
    const startedAt = performance.now();
    const observation = this.guard(begin);
    const end = (outcome: { result?: Result; error?: unknown; errorType?: string }) =>
      this.guard(() => observation?.end({ durationMs: performance.now() - startedAt, ...outcome }));
    return {
      run: (work) => this.runWithin(observation, work),
      succeed: (result) => end({ result }),
      fail: (error) => end({ error, errorType: errorType(error) }),
    };
  }

  /** The work runs once and its outcome counts, whatever goes wrong before or behind it. */
  private runWithin<Value>(observation: Observation<unknown> | undefined, work: () => Value): Value {
    let outcome: { readonly value: Value } | { readonly error: unknown } | undefined;
    const once = () => {
      try {
        const value = work();
        outcome = { value };
        return value;
      } catch (error) {
        outcome = { error };
        throw error;
      }
    };
    if (observation?.run === undefined) {
      return work();
    }
    try {
      observation.run(once);
    } catch (error) {
      if (outcome === undefined || 'value' in outcome) {
        this.tell(error);
      }
    }
    const ended = outcome as { readonly value: Value } | { readonly error: unknown } | undefined;
    if (ended === undefined) {
      return work();
    }
    if ('error' in ended) {
      throw ended.error;
    }
    return ended.value;
  }

  private guard<Value>(tell: () => Value): Value | undefined {
    try {
      return tell();
    } catch (error) {
      this.tell(error);
      return undefined;
    }
  }

  private tell(error: unknown): void {
    if (!this.told) {
      this.told = true;
      const message = error instanceof Error ? error.message : String(error);
      this.logger.warn(`Telemetry failed, which changes nothing else and is said once: ${message}`);
    }
  }
}

/** As `Observation`, and never throws of itself. */
export interface GuardedObservation<Result> {
  run<Value>(work: () => Value): Value;
  succeed(result: Result): void;
  fail(error: unknown): void;
}

import type { DrainCounts } from '../outbox/drain-result.js';
import type { OutboxHealth } from '../outbox/outbox-health.js';

/**
 * Is told what the registry does, for metrics and traces. `openTelemetry()` of `nestjs-file-registry/opentelemetry` is one; every
 * method may be left out. Whatever one throws is logged once and changes nothing. Durations are milliseconds of this process.
 */
export interface FileRegistryTelemetry {
  /**
   * The application is up: from now on the registry may be asked for its state. Answers what to call when it shuts down; after
   * that the registry must not be asked again.
   */
  watch?(registry: ObservableRegistry): () => void;

  /** The processor begins a pass for which there is work. Passes that find nothing to do are not told. */
  beginPass?(pass: ObservedPass): Observation<DrainCounts>;

  /** A storage is called. For streams and listings it ends with them. */
  beginStorageCall?(call: ObservedStorageCall): Observation<StorageCallResult>;

  /** A batch of intents was settled, or its settling failed. */
  settled?(batch: SettledBatch): void;

  /** The outcome of a batch of deletions was written to the database. */
  deleted?(batch: DeletedBatch): void;
}

/** Work that goes on. */
export interface Observation<Result> {
  /** Runs a part of the work, so that what begins within it belongs to it. Called any number of times. */
  run?<Value>(work: () => Value): Value;

  /** Called once. */
  end(outcome: Outcome<Result>): void;
}

/** How work ended: with a result, or with an error and the low-cardinality name of it. */
export interface Outcome<Result> {
  readonly durationMs: number;
  readonly result?: Result | undefined;
  readonly error?: unknown;
  /** A `code` of the registry's errors, or the name of any other. Undefined where nothing failed. */
  readonly errorType?: string | undefined;
}

export interface ObservableRegistry {
  readonly schema: string;
  /** The state now, or what was answered to anybody within `maxAgeMs`. Never asks twice at once. */
  health(options: { readonly maxAgeMs: number }): Promise<OutboxHealth>;
}

export interface ObservedPass {
  /** Called for with `drain()`, or by the schedule. */
  readonly trigger: 'drain' | 'schedule';
}

export type StorageOperation = 'check' | 'write' | 'read' | 'stat' | 'list' | 'delete' | 'prune';

export interface ObservedStorageCall {
  /** The name of the storage in the options. */
  readonly storage: string;
  readonly operation: StorageOperation;
  /** How many objects it is about, where that is known. */
  readonly objects?: number | undefined;
}

export interface StorageCallResult {
  /** Of the objects of a `delete`, those that are still there. */
  readonly failedObjects?: number | undefined;
}

export interface SettledBatch {
  /** Of the intents: `stored`, `detached` or `original`. */
  readonly reason: string;
  readonly durationMs: number;
  /** Intents looked at. */
  readonly claimed: number;
  readonly condemned: number;
  readonly dropped: number;
  readonly left: number;
  /** SQLSTATE or code of what made the batch fail; it is halved and tried again. */
  readonly errorType?: string | undefined;
}

export interface DeletedBatch {
  readonly storage: string;
  /** Objects whose receipts were written, by why they were condemned. */
  readonly completed: Readonly<Record<string, DeletedCount>>;
  readonly failed: number;
  /** Of the failed, those that wait for `retryStuck()`. */
  readonly stuck: number;
  readonly lostLeases: number;
  readonly released: number;
}

export interface DeletedCount {
  readonly files: number;
  /** The bytes of those whose size is known: of an upload that was given up it is not. */
  readonly sizeBytes: number;
}

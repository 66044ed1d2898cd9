import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Argument, jsonArgument, textArray } from '../database/call.js';
import { inAnswerTime } from '../database/in-answer-time.js';
import { RegistryDatabase } from '../database/registry-database.js';
import { ProcessorStoppedError } from '../errors/processor-stopped-error.js';
import { FileHookExplorer } from '../hooks/file-hook-explorer.js';
import { type FileHookSource, noFileHooks } from '../hooks/file-hooks.js';
import { RESOLVED_OPTIONS } from '../options/options-token.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { wholeNumber } from '../options/whole-number.js';
import { DeletionWorker } from './deletion-worker.js';
import { type DrainResult, type DrainTally, newTally, type Obstacle } from './drain-result.js';
import { IntentSettler } from './intent-settler.js';
import { intentPolicies } from '../options/intent-policies.js';
import type { LawReport, VerifyOptions } from './law-report.js';
import { LawVerifier } from './law-verifier.js';
import { ObstacleLog } from './obstacle-log.js';
import { healthAgeMaxMs, healthCountMax, type OutboxHealth } from './outbox-health.js';
import { OutboxPass } from './outbox-pass.js';
import type { OutboxStats } from './outbox-stats.js';
import { PartitionKeeper } from './partition-keeper.js';
import { QuietMark } from './quiet-mark.js';
import { ReceiptPruner } from './receipt-pruner.js';
import { SharedAnswer } from './shared-answer.js';
import { type HealthAnswer, toOutboxHealth } from './to-outbox-health.js';
import { type StatsAnswer, toOutboxStats } from './to-outbox-stats.js';

/** What `due_work` answers. */
interface DueWork {
  readonly obstacle: Obstacle | null;
  readonly reasons: readonly string[];
  readonly storages: readonly string[];
  readonly receipts: boolean;
  readonly seenUntil: string;
}

/**
 * Settles intents, deletes bytes and writes receipts. Any number of processes may run one; passes of one process never
 * overlap.
 */
@Injectable()
export class OutboxProcessor {
  private readonly logger = new Logger('FileRegistry');
  private readonly database: RegistryDatabase;
  private readonly settlers: readonly IntentSettler[];
  private readonly workers: readonly DeletionWorker[];
  private readonly quiet = new QuietMark();
  private readonly pruner: ReceiptPruner;
  private readonly obstacles = new ObstacleLog();
  private readonly partitions: PartitionKeeper;
  private readonly healthAnswer = new SharedAnswer(() => this.askForHealth());
  private readonly stopping = new AbortController();
  private pass: Promise<unknown> = Promise.resolve();
  private busy = 0;
  private sweptAt = -Infinity;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(RegistryDatabase) database: RegistryDatabase,
    @Inject(FileHookExplorer) hooks: FileHookSource = noFileHooks,
  ) {
    const { processor, uploadTtlMs, schema, storages, telemetry } = options;
    this.database =
      processor.database === options.database ? database : new RegistryDatabase(processor.database, schema);
    this.partitions = new PartitionKeeper(this.database);
    this.pruner = new ReceiptPruner(this.database, options, this.quiet);
    this.settlers = intentPolicies(options).map(
      (policy) => new IntentSettler(policy, this.database, options, hooks),
    );
    this.workers = [...storages].map(
      ([name, storage]) =>
        new DeletionWorker(
          name,
          storage,
          this.database,
          { ...processor, uploadTtlMs, telemetry },
          this.quiet,
          hooks,
        ),
    );
  }

  /**
   * Works until nothing is due any more, for tests, for cron and for serverless functions. Waits for a scheduled pass that is
   * under way. Needs no schedule; what fails is counted and tried again later.
   *
   * @throws DatabaseUnavailableError when the database goes away; what was done stays done. ProcessorStoppedError.
   */
  async drain(): Promise<DrainResult> {
    if (this.stopping.signal.aborted) {
      throw new ProcessorStoppedError('The application is shutting down. Drain before you close it.');
    }
    return this.exclusively(() => this.drainAll());
  }

  /** One pass of the schedule, unless one is still under way. Never rejects: what fails is logged and tried again. */
  async tick(): Promise<void> {
    if (this.busy > 0 || this.stopping.signal.aborted) {
      return;
    }
    try {
      await this.exclusively(() => this.runIfDue());
    } catch (error) {
      this.logger.error(
        `A pass of the processor failed and is tried again: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** The state of the outbox. Counts whole tables: for a dashboard, not for a hot path. */
  async stats(): Promise<OutboxStats> {
    const policies = jsonArgument(intentPolicies(this.options));
    return toOutboxStats(
      await this.database.call<StatsAnswer>('stats', [policies]),
      this.options.environment,
    );
  }

  /**
   * What probes and gauges need, cheap enough for every few seconds: the counts end at 100,000. With `maxAgeMs` it may be what was
   * answered to somebody else within that time, at most an hour; whoever asks while an answer is awaited gets the same one.
   *
   * @throws InvalidOptionError, DatabaseUnavailableError, DatabaseFailedError.
   */
  async health(options: { readonly maxAgeMs?: number | undefined } = {}): Promise<OutboxHealth> {
    refuseUnknownOptions(options, { maxAgeMs: true });
    const { maxAgeMs = 0 } = options;
    return this.healthAnswer.get(wholeNumber('maxAgeMs', maxAgeMs, [0, healthAgeMaxMs]));
  }

  /**
   * Holds back every processor of every process, until `resume()`: what is in flight ends, nothing more is condemned or deleted.
   * The verbs of the application go on. Pausing again changes nothing; answers since when it is paused.
   */
  async pause(): Promise<{ readonly pausedAt: Date }> {
    const { pausedAt } = await this.database.step<{ pausedAt: string }>('pause', []);
    return { pausedAt: new Date(pausedAt) };
  }

  /** Lets the processors go on; answers whether they were paused. */
  resume(): Promise<boolean> {
    return this.database.step<boolean>('resume', []);
  }

  /**
   * Says that the bytes the rows speak of are this database's own: after it was moved, restored in place of the original or
   * upgraded, and the processors delete nothing because they found a foreign identity. Never for a copy beside the original.
   */
  async takeOwnership(): Promise<void> {
    await this.database.step('take_ownership', [['text', this.options.environment]]);
  }

  /**
   * Checks the laws over the data, in batches and read-only, and with `ownerTables` also whether the records that hold files are
   * still there. Worth a run after whatever goes round the triggers: a restore of data alone, logical replication.
   *
   * @throws InvalidOptionError for a table that is no name; DatabaseFailedError where it cannot be read, or not all of it because
   *   of row-level security.
   */
  async verify(options: VerifyOptions = {}): Promise<LawReport> {
    return new LawVerifier(this.database, options).run();
  }

  /** Makes stuck deletions due at once, of one storage or of all, and answers how many. */
  async retryStuck(storage?: string): Promise<number> {
    if (storage !== undefined) {
      this.options.storages.get(storage);
    }
    return this.database.step<number>('retry_stuck', [['text', storage ?? null]]);
  }

  /**
   * Stops claiming, lets what is in flight end and gives the rest back; resolves when that is done, or after
   * `shutdownTimeoutMs`. What was still in flight then is taken over when its lease ends. Stopping again only waits.
   */
  async stop(): Promise<void> {
    this.stopping.abort();
    const timeoutMs = this.options.processor.shutdownTimeoutMs;
    const { promise: timedOut, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(true), timeoutMs);
    const late = await Promise.race([this.pass.then(() => false), timedOut]);
    clearTimeout(timer);
    if (late) {
      this.logger.warn(
        `The processor was still deleting after ${timeoutMs} ms of shutdown; its leases run out and others take over.`,
      );
    }
  }

  private async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    this.busy++;
    const result = this.pass.then(work);
    this.pass = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.busy--;
    }
  }

  /** One cheap question first: most passes find nothing to do. */
  private async runIfDue(): Promise<void> {
    if (performance.now() - this.sweptAt >= this.options.processor.sweepIntervalMs) {
      await this.beginSweep();
    }
    const due = await this.askForWork();
    if (due.obstacle === null && hasWork(due)) {
      await this.runObserved('schedule');
    }
  }

  private async drainAll(): Promise<DrainResult> {
    await this.beginSweep();
    const due = await this.askForWork();
    if (due.obstacle !== null) {
      return { obstacle: due.obstacle, ...newTally() };
    }
    return { obstacle: null, ...(await (hasWork(due) ? this.runObserved('drain') : this.run())) };
  }

  private runObserved(trigger: 'drain' | 'schedule'): Promise<DrainTally> {
    const run = () => this.run();
    return this.options.telemetry?.pass({ trigger }, run) ?? run();
  }

  private async askForHealth(): Promise<OutboxHealth> {
    const answer = await this.database.call<HealthAnswer>('health', [
      jsonArgument(intentPolicies(this.options)),
      this.storageNames,
      ['integer', healthCountMax],
    ]);
    return toOutboxHealth(answer, this.options.environment);
  }

  private get storageNames(): Argument {
    return textArray(this.workers.map((worker) => worker.name));
  }

  private async askForWork(): Promise<DueWork> {
    // One statement and no transaction round it: it is what an idle processor does every second.
    const asked = this.database.call<DueWork>('due_work', [
      jsonArgument(this.settlers.map((settler) => settler.position)),
      this.storageNames,
      ['bigint', this.options.receiptRetentionMs],
      ['text', this.options.environment],
      ['timestamptz', this.quiet.value],
    ]);
    const due = await inAnswerTime('due_work', asked);
    this.quiet.note(due);
    this.obstacles.note(due.obstacle, this.options.schema);
    return due;
  }

  private async beginSweep(): Promise<void> {
    this.sweptAt = performance.now();
    for (const settler of this.settlers) {
      settler.sweep();
    }
    this.quiet.sweep();
    await this.partitions.sweep();
  }

  private run(): Promise<DrainTally> {
    const { settlers, workers, pruner, database, options, stopping } = this;
    return new OutboxPass(settlers, workers, pruner, database, options, stopping.signal).run();
  }
}

function hasWork(due: DueWork): boolean {
  return due.reasons.length > 0 || due.storages.length > 0 || due.receipts;
}

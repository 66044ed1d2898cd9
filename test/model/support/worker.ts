import { setImmediate as nextTurn } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, FileRegistryModule, type FileStorage, OutboxProcessor } from 'nestjs-file-registry';
import { type Fault, faults } from 'nestjs-file-registry/testing';
import type { Pool } from 'pg';
import { CountingStorage } from './counting-storage.js';
import { periods } from './facts.js';

const minute = 60_000;

/** What a processor is stuck in. */
export interface Stall {
  readonly pass: Promise<unknown>;
  /** What it has leased, in the batch it is stuck in or ahead of it; nobody else may touch these while its lease lasts. */
  readonly keys: readonly string[];
  leaseLasts: boolean;
}

/** A process that runs the registry: its own module, and its own faults of the storage they all share. */
export class Worker {
  stalled: Stall | undefined;
  /** The keys that its last pass deleted or tried to. */
  asked: string[] = [];
  private struckKeys: readonly string[] = [];

  private constructor(
    private readonly app: INestApplicationContext,
    private readonly pool: Pool,
    readonly storage: CountingStorage,
  ) {}

  static async start(pool: Pool, bytes: FileStorage, batchSize: number): Promise<Worker> {
    const storage = new CountingStorage(bytes);
    const app = await NestFactory.createApplicationContext(
      FileRegistryModule.forRoot({
        database: pool,
        storages: { media: storage },
        ...periods,
        // A pause in which time passes only on command, or a pass would come back to what it has just seen fail.
        processor: { enabled: false, batchSize, backoffBaseMs: 30 * minute, backoffMaxMs: 30 * minute },
      }),
      { logger: false, abortOnError: false },
    );
    return new Worker(app, pool, storage);
  }

  get files(): FileRegistry {
    return this.app.get(FileRegistry);
  }

  get processor(): OutboxProcessor {
    return this.app.get(OutboxProcessor);
  }

  async drain(fault?: Fault): Promise<void> {
    this.plan(1, fault);
    await this.processor.drain();
  }

  /**
   * Begins a pass that gets stuck at its n-th deletion of bytes, before or after it does it. False if it came to its end. What
   * the pass does beside the one that is stuck has been done: it settles a batch while it deletes others.
   */
  async stall(
    at: 'before' | 'after',
    call: number,
    leasedKeys: () => Promise<readonly string[]>,
  ): Promise<boolean> {
    this.plan(call, at === 'before' ? faults.hang() : faults.late());
    const pass = this.processor.drain();
    await Promise.race([this.storage.untilWaiting(), pass]);
    if (this.storage.waiting === 0) {
      await pass;
      return false;
    }
    await this.untilNothingElseGoesOn();
    this.stalled = { pass, keys: [...this.struckKeys, ...(await leasedKeys())], leaseLasts: true };
    return true;
  }

  async wake(): Promise<void> {
    this.plan(1);
    this.storage.release();
    await this.stalled?.pass;
    this.stalled = undefined;
  }

  async end(): Promise<void> {
    const closing = this.app.close();
    this.storage.heal();
    await Promise.allSettled([closing, this.stalled?.pass]);
  }

  /** Between two steps of a pass nothing but promises is waited for, so that one turn of the loop is enough to see the next. */
  private async untilNothingElseGoesOn(): Promise<void> {
    const { pool, storage } = this;
    do {
      await nextTurn();
    } while (storage.deleting > storage.waiting || pool.waitingCount > 0 || pool.idleCount < pool.totalCount);
  }

  private plan(number: number, fault?: Fault): void {
    this.asked = [];
    const struck = this.storage.calls.delete + number;
    this.storage.replan({
      delete: (call) => {
        this.asked.push(...call.keys);
        if (call.number !== struck) return undefined;
        this.struckKeys = call.keys;
        return fault;
      },
    });
  }
}

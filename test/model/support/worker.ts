import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, FileRegistryModule, type FileStorage, OutboxProcessor } from 'nestjs-file-registry';
import { faults, type FaultyStorage, faultyStorage } from 'nestjs-file-registry/testing';
import type { Pool } from 'pg';
import { periods } from './facts.js';

const minute = 60_000;

/** A process that runs the registry: its own module, and its own faults of the storage they all share. */
export class Worker {
  /** The pass in which it is stuck. */
  stalled: Promise<unknown> | undefined;

  private constructor(
    private readonly app: INestApplicationContext,
    readonly storage: FaultyStorage,
  ) {}

  static async start(pool: Pool, bytes: FileStorage, batchSize: number): Promise<Worker> {
    const storage = faultyStorage(bytes);
    const app = await NestFactory.createApplicationContext(
      FileRegistryModule.forRoot({
        database: pool,
        storages: { media: storage },
        ...periods,
        // A pause in which time passes only on command, or a pass would come back to what it has just seen fail.
        processor: { enabled: false, batchSize, backoffBaseMs: 30 * minute, backoffMaxMs: 30 * minute },
      }),
      { logger: false },
    );
    return new Worker(app, storage);
  }

  get files(): FileRegistry {
    return this.app.get(FileRegistry);
  }

  get processor(): OutboxProcessor {
    return this.app.get(OutboxProcessor);
  }

  /** Begins a pass that gets stuck at its n-th deletion of bytes, before or after it does it. False if it came to its end. */
  async stall(at: 'before' | 'after', call: number): Promise<boolean> {
    const fault = at === 'before' ? faults.hang() : faults.late();
    this.storage.replan({ delete: { [this.storage.calls.delete + call]: fault } });
    const pass = this.processor.drain();
    await Promise.race([this.storage.untilWaiting(), pass]);
    this.storage.replan({});
    if (this.storage.waiting === 0) {
      await pass;
      return false;
    }
    this.stalled = pass;
    return true;
  }

  async wake(): Promise<void> {
    this.storage.release();
    await this.stalled;
    this.stalled = undefined;
  }

  async end(): Promise<void> {
    const closing = this.app.close();
    this.storage.heal();
    await Promise.allSettled([closing, this.stalled]);
  }
}

import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, FileRegistryModule, type FileStorage, OutboxProcessor } from 'nestjs-file-registry';
import { type Fault, faults, type FaultyStorage, faultyStorage } from 'nestjs-file-registry/testing';
import type { Pool } from 'pg';
import { periods } from './facts.js';

const minute = 60_000;

/** What a processor is stuck in. */
export interface Stall {
  readonly pass: Promise<unknown>;
  /** What it was deleting; nobody else may touch these while its lease lasts. */
  readonly keys: readonly string[];
  leaseLasts: boolean;
}

/** A process that runs the registry: its own module, and its own faults of the storage they all share. */
export class Worker {
  stalled: Stall | undefined;
  /** The keys that its last pass deleted or tried to. */
  asked: string[] = [];
  private lastKeys: readonly string[] = [];

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
      { logger: false, abortOnError: false },
    );
    return new Worker(app, storage);
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

  /** Begins a pass that gets stuck at its n-th deletion of bytes, before or after it does it. False if it came to its end. */
  async stall(at: 'before' | 'after', call: number): Promise<boolean> {
    this.plan(call, at === 'before' ? faults.hang() : faults.late());
    const pass = this.processor.drain();
    await Promise.race([this.storage.untilWaiting(), pass]);
    if (this.storage.waiting === 0) {
      await pass;
      return false;
    }
    this.stalled = { pass, keys: this.lastKeys, leaseLasts: true };
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

  private plan(number: number, fault?: Fault): void {
    this.asked = [];
    const struck = this.storage.calls.delete + number;
    this.storage.replan({
      delete: (call) => {
        this.asked.push(...call.keys);
        this.lastKeys = call.keys;
        return call.number === struck ? fault : undefined;
      },
    });
  }
}

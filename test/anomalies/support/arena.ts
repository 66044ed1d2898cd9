import { deepStrictEqual } from 'node:assert';
import { Readable } from 'node:stream';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Kysely, PostgresDialect } from 'kysely';
import {
  FileRegistry,
  FileRegistryModule,
  OutboxProcessor,
  type Owner,
  type StoredFile,
} from 'nestjs-file-registry';
import { type FaultyStorage, faultyStorage, memoryStorage } from 'nestjs-file-registry/testing';
import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import { assertLawsInMemory } from '../../model/support/bytes.js';
import { createTestDatabase } from '../../support/create-test-database.js';
import { passTime } from '../../support/pass-time.js';
import { FaultyPool } from './faulty-pool.js';

const minute = 60_000;

/** A process of the application. */
export interface Side {
  readonly app: INestApplicationContext;
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;
  readonly storage: FaultyStorage;
  readonly db: Kysely<unknown>;
}

/** One database and one storage with two processes over them: one that meets faults, and one that cleans up after it. */
export class Arena {
  readonly memory = memoryStorage();

  private constructor(
    readonly admin: Pool,
    readonly database: FaultyPool,
  ) {}

  static async create(): Promise<Arena> {
    const database = await createTestDatabase();
    return new Arena(database.pool(), new FaultyPool(database.pool({ max: 4 })));
  }

  /** Small batches make more steps that can fail. */
  async start(pool: Pool, batchSize = 10): Promise<Side> {
    Logger.overrideLogger(false);
    const storage = faultyStorage(this.memory);
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    const app = await NestFactory.createApplicationContext(
      FileRegistryModule.forRoot({
        database: db,
        storages: { media: storage },
        gracePeriodMs: 60 * minute,
        unattachedTtlMs: 60 * minute,
        uploadTtlMs: 60 * minute,
        // A pause so long that a pass does not come back to what it has just seen fail.
        processor: { enabled: false, batchSize, backoffBaseMs: 30 * minute, backoffMaxMs: 30 * minute },
      }),
      { logger: false, abortOnError: false },
    );
    return { app, files: app.get(FileRegistry), processor: app.get(OutboxProcessor), storage, db };
  }

  passTime(interval = '2 hours'): Promise<void> {
    return passTime(this.admin, interval);
  }

  assertLaws(): Promise<void> {
    return assertLawsInMemory(this.admin, this.memory);
  }

  /** Writes bytes that no row knows, as somebody else would. */
  async place(key: string): Promise<void> {
    await this.memory.write(key, Readable.from([Buffer.from(`bytes of ${key}`)]), {
      contentType: 'text/plain',
    });
  }

  /** Every reference there is, as `type id slot file`. */
  async references(): Promise<string[]> {
    const { rows } = await this.admin.query(
      `select concat_ws(' ', owner_type, owner_id, slot, file_id) as reference from file_registry.file_references order by 1`,
    );
    return rows.map(({ reference }) => reference);
  }
}

export async function createStage(): Promise<{ arena: Arena; clean: Side }> {
  const arena = await Arena.create();
  const clean = await arena.start(arena.admin);
  afterAll(() => clean.app.close());
  return { arena, clean };
}

export const owner = (id: string, slot = 'cover'): Owner => ({ type: 'article', id, slot });

export function attach({ db, files }: Side, file: StoredFile, to: Owner): Promise<unknown> {
  return db.transaction().execute((trx) => files.in(trx).attach(file, to));
}

/** Attaches it below an original, as a rendition is. */
export async function attachRendition(
  { admin }: Arena,
  file: StoredFile,
  original: StoredFile,
): Promise<void> {
  await admin.query(
    "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=small')",
    [file.id, original.id],
  );
}

/**
 * When time has passed and a clean process has worked, the files that somebody holds are left with their bytes, and nothing
 * else. An upload that was given up needs several passes, because it is deleted twice.
 */
export async function expectOnlyHeld(arena: Arena, clean: Side): Promise<void> {
  await arena.assertLaws();
  await clean.processor.retryStuck();
  for (let pass = 0, pending = true; pending && pass < 4; pass++) {
    await arena.passTime();
    await clean.processor.drain();
    const { condemned, reserved } = await clean.processor.stats();
    pending = condemned + reserved > 0;
  }
  await arena.assertLaws();
  const { rows } = await arena.admin.query(`
    select (select coalesce(array_agg(distinct f.key order by f.key), '{}')
              from file_registry.files f join file_registry.file_references r on r.file_id = f.id) as held,
           (select count(*)::int from file_registry.files)           as files,
           (select count(*)::int from file_registry.deletion_outbox) as intents,
           (select count(*)::int from file_registry.deletions where state <> 'deleted') as pending`);
  const { held, files, intents, pending } = rows[0];
  deepStrictEqual({ files, intents, pending }, { files: held.length, intents: 0, pending: 0 });
  deepStrictEqual(arena.memory.keys(), held);
}

/** For the next round, which is to find nothing of this one. */
export async function empty(arena: Arena): Promise<void> {
  await arena.admin.query(`
    set local session_replication_role = replica;
    delete from file_registry.files;           delete from file_registry.file_references;
    delete from file_registry.deletion_outbox; delete from file_registry.deletions;
    delete from file_registry.adopted_keys;`);
  arena.memory.clear();
}

import { Logger } from '@nestjs/common';
import {
  FileCondemnedError,
  FileNotFoundError,
  type FileTransaction,
  type StoredFile,
  TransactionAbortedError,
  TransactionConflictError,
} from 'nestjs-file-registry';
import type { Client } from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { Random } from './support/random.js';

const sessions = 6;
const transactionsPerSession = 40;

const options = { gracePeriodMs: 0, unattachedTtlMs: 0, processor: { batchSize: 3, sweepIntervalMs: 0 } };
const registry = await createWatchedRegistry(options);
const { database, files, media, pool } = registry;

const isolationLevels = ['read committed', 'read committed', 'repeatable read', 'serializable'];

afterEach(() => vi.restoreAllMocks());

/** What came of the transactions, so that the test can say that it tried something. */
type Tally = Record<'committed' | 'rolledBack' | 'condemned' | 'conflicts', number>;

/** One session's application: random verbs on a few files and owners, in transactions that end in any way. */
class Application {
  private level = '';

  constructor(
    private readonly session: Client,
    private readonly random: Random,
    private readonly shelf: StoredFile[],
    private readonly tally: Tally,
  ) {}

  async run(): Promise<void> {
    for (let n = 0; n < transactionsPerSession; n++) {
      this.level = this.random.pick(isolationLevels);
      await this.session.query(`begin isolation level ${this.level}`);
      try {
        for (let verbs = 1 + this.random.below(3); verbs > 0; verbs--) await this.inSavepoint();
        const ending = this.random.chance(0.75) ? 'commit' : 'rollback';
        await this.session.query(ending);
        this.tally[ending === 'commit' ? 'committed' : 'rolledBack']++;
      } catch (error) {
        if (!isConflict(error)) throw error;
        this.tally.conflicts++;
        await this.session.query('rollback');
      }
    }
  }

  private async inSavepoint(): Promise<void> {
    if (!this.random.chance(0.3)) return this.verb();
    await this.session.query('savepoint inner_part');
    await this.verb();
    await this.session.query(`${this.random.chance(0.5) ? 'rollback to' : 'release'} savepoint inner_part`);
  }

  private async verb(): Promise<void> {
    const place = this.random.below(this.shelf.length);
    const file = this.shelf[place];
    if (file === undefined) throw new Error('the shelf is never empty');
    try {
      await this.someVerb(files.in(this.session), file);
    } catch (error) {
      // A file that was stored after the transaction's snapshot.
      if (error instanceof FileNotFoundError && this.level !== 'read committed') return;
      if (!(error instanceof FileCondemnedError)) throw error;
      this.tally.condemned++;
      this.shelf[place] = await registry.store(`by a session ${this.random.next()}`);
    }
  }

  private someVerb(transaction: FileTransaction, file: StoredFile): Promise<unknown> {
    const owner = { type: 'article', id: this.random.below(3), slot: this.random.pick(['cover', 'body']) };
    const verb = this.random.below(10);
    if (verb < 4) return transaction.attach(file, owner);
    if (verb < 6) return transaction.detach(file, owner);
    if (verb < 8) return transaction.replace(owner, this.random.chance(0.2) ? null : file);
    if (verb < 9) return transaction.detachAll({ type: owner.type, id: owner.id });
    return this.session.query('delete from file_registry.file_references where owner_id = $1', [owner.id]);
  }
}

/** What PostgreSQL answers to transactions that met: serialization failures and deadlocks between them. */
function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflictError || error instanceof TransactionAbortedError) return true;
  return ['40001', '40P01', '25P02'].includes((error as { code?: string }).code ?? '');
}

test.for([1, 2, 3])('whatever sessions and processors do at once, the laws hold (seed %i)', async (seed) => {
  const failures = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const tally: Tally = { committed: 0, rolledBack: 0, condemned: 0, conflicts: 0 };
  const others = [await registry.another(options), await registry.another(options)];
  const shelf = await registry.storeMany(4);

  let running = true;
  const processing = others.map(async ({ processor }) => {
    while (running) await processor.tick();
  });
  const clients = await Promise.all(
    Array.from({ length: sessions }, () => database.client({ options: '-c deadlock_timeout=20ms' })),
  );
  try {
    await Promise.all(
      clients.map((session, n) => new Application(session, new Random(seed * 1000 + n), shelf, tally).run()),
    );
  } finally {
    running = false;
    await Promise.all(processing);
    for (const session of clients) await session.end();
  }

  await registry.assertLaws();
  await registry.processor.drain();
  await registry.assertLaws();
  const { rows } = await pool.query(
    'select distinct f.key from file_registry.file_references r join file_registry.files f on f.id = r.file_id',
  );
  expect(await media.files()).toEqual(rows.map((row) => row.key).toSorted());
  expect(await registry.processor.stats()).toMatchObject({ condemned: 0, stuck: 0 });

  const keys = [registry, ...others].flatMap(({ storage }) => storage.keys);
  expect(new Set(keys).size, 'each key is deleted once').toBe(keys.length);
  expect(tally.committed + tally.rolledBack + tally.conflicts).toBe(sessions * transactionsPerSession);
  expect(tally.committed).toBeGreaterThan(0);
  expect(tally.condemned, 'attaching met settling').toBeGreaterThan(0);
  expect(failures).not.toHaveBeenCalled();
  for (const { module } of others) await module.close();
});

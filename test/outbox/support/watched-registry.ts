import { Test } from '@nestjs/testing';
import {
  FileRegistryModule,
  type FileRegistryOptions,
  localStorage,
  type StoredFile,
} from 'nestjs-file-registry';
import { afterAll, beforeEach } from 'vitest';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import { createTestDatabase } from '../../support/create-test-database.js';
import { TestRegistry, type TestTables } from '../../support/create-test-registry.js';
import type { TemporaryFolder } from '../../support/temporary-folder.js';
import type { TestDatabase } from '../../support/test-database.js';
import { WatchedStorage } from './watched-storage.js';

const hour = 60 * 60 * 1000;

export type WatchedRegistryOptions = Partial<Omit<FileRegistryOptions, 'storages' | 'defaultStorage'>>;

/** A registry whose storage is watched, and of which a second one can run on the same database and folder. */
export class WatchedRegistry extends TestRegistry {
  constructor(
    readonly storage: WatchedStorage,
    ...rest: ConstructorParameters<typeof TestRegistry>
  ) {
    super(...rest);
  }

  /** As another process would run it: a module, a pool and a storage of its own. */
  async another(options: WatchedRegistryOptions = {}): Promise<WatchedRegistry> {
    return boot(this.database, this.media, options);
  }

  async storeMany(count: number): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    for (let n = 0; n < count; n++) files.push(await this.store(`bytes ${n}`));
    return files;
  }

  /** File rows and reservations as `store` leaves them, without bytes: for backlogs too long to write. Answers the ids. */
  async storeWithoutBytes(count: number): Promise<string[]> {
    const { rows } = await this.pool.query<{ id: string }>(
      `insert into file_registry.files (id, storage, key, content_type, size)
       select id, 'media', 'backlog/' || id, 'text/plain', 0
         from (select gen_random_uuid() as id from generate_series(1, $1)) new
       returning id`,
      [count],
    );
    return rows.map((row) => row.id);
  }

  /** The intents of a file, oldest first. */
  intents(file: { readonly id: string }) {
    return this.tables
      .selectFrom('deletion_outbox')
      .selectAll()
      .where('file_id', '=', file.id)
      .orderBy('noted_at')
      .orderBy('seq')
      .execute();
  }

  /** Detaches everything and lets so much time pass that nothing may be left, not even a receipt. */
  async empty(): Promise<void> {
    this.storage.reset();
    await this.pool.query('delete from file_registry.file_references');
    await this.processor.retryStuck();
    for (let pass = 0; pass < 2; pass++) {
      await this.passTime('1 year');
      await this.processor.drain();
    }
    const { rows } = await this.pool.query(
      `select (select count(*)::int from file_registry.files)           as files,
              (select count(*)::int from file_registry.deletion_outbox) as intents,
              (select count(*)::int from file_registry.deletions)       as deletions`,
    );
    const [left] = rows;
    if (left.files + left.intents + left.deletions > 0) {
      throw new Error(`After two years without a reference there are still ${JSON.stringify(left)}.`);
    }
    this.storage.reset();
  }
}

/** Boots it for the test file that calls it, at its top level; every test of the file begins with an empty registry. */
export async function createWatchedRegistry(options: WatchedRegistryOptions = {}): Promise<WatchedRegistry> {
  const database = await createTestDatabase();
  const registry = await boot(database, await createTemporaryFolder('media'), options);
  afterAll(() => registry.module.close());
  beforeEach(() => registry.empty());
  return registry;
}

async function boot(
  database: TestDatabase,
  media: TemporaryFolder,
  options: WatchedRegistryOptions,
): Promise<WatchedRegistry> {
  const storage = new WatchedStorage(localStorage({ root: media.path }));
  const db = database.kysely<TestTables>();
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: db,
        storages: { media: storage },
        ...options,
        // Pauses so long that a drain does not come back to what it has just seen fail.
        processor: { enabled: false, backoffBaseMs: hour, backoffMaxMs: 24 * hour, ...options.processor },
      }),
    ],
  }).compile();
  await module.init();
  return new WatchedRegistry(storage, module, database, database.pool(), db, media);
}

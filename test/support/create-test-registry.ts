import { Test, type TestingModule } from '@nestjs/testing';
import type { Kysely } from 'kysely';
import {
  FileRegistry,
  FileRegistryModule,
  type FileRegistryOptions,
  type FileRegistryTables,
  localStorage,
  OutboxProcessor,
  type StoredFile,
} from 'nestjs-file-registry';
import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import { assertLaws } from './assert-laws.js';
import { createTemporaryFolder } from './create-temporary-folder.js';
import { createTestDatabase } from './create-test-database.js';
import { passTime } from './pass-time.js';
import type { TemporaryFolder } from './temporary-folder.js';
import type { TestDatabase } from './test-database.js';

/** Tables of an application beside the registry's; `article` is made on request. */
export interface TestTables {
  article: { id: number; title: string };
}

/** The module as an application boots it, on a database and a folder of its own, without a schedule. */
export class TestRegistry {
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;

  constructor(
    readonly module: TestingModule,
    readonly database: TestDatabase,
    readonly pool: Pool,
    readonly db: Kysely<TestTables>,
    readonly media: TemporaryFolder,
  ) {
    this.files = module.get(FileRegistry);
    this.processor = module.get(OutboxProcessor);
  }

  /** The registry's tables as the superuser sees them. */
  get tables(): Kysely<FileRegistryTables> {
    return (this.db as unknown as Kysely<FileRegistryTables>).withSchema('file_registry');
  }

  store(content = 'bytes', filename = 'photo.jpg'): Promise<StoredFile> {
    return this.files.store(Buffer.from(content), { filename });
  }

  attach(file: StoredFile, id: string, slot = 'cover', type = 'article'): Promise<unknown> {
    return this.db.transaction().execute((trx) => this.files.in(trx).attach(file, { type, id, slot }));
  }

  detach(file: StoredFile, id: string, slot = 'cover', type = 'article'): Promise<unknown> {
    return this.db.transaction().execute((trx) => this.files.in(trx).detach(file, { type, id, slot }));
  }

  passTime(interval: string): Promise<void> {
    return passTime(this.pool, interval);
  }

  /** True while the bytes of the file are there. */
  async hasBytes(file: StoredFile): Promise<boolean> {
    return (await this.media.files()).includes(file.key);
  }

  /** The row in `deletions`, if there is one. */
  deletion(file: { readonly id: string }) {
    return this.tables.selectFrom('deletions').selectAll().where('file_id', '=', file.id).executeTakeFirst();
  }

  assertLaws(): Promise<void> {
    return assertLaws({ admin: this.pool, storages: { media: this.media.path } });
  }
}

/** Boots the module for the test file that calls it, at its top level, and closes it after the file's last test. */
export async function createTestRegistry(
  options: Partial<Omit<FileRegistryOptions, 'database'>> = {},
): Promise<TestRegistry> {
  const database = await createTestDatabase();
  const media = await createTemporaryFolder('media');
  const db = database.kysely<TestTables>();
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: db,
        storages: { media: localStorage({ root: media.path }) },
        ...options,
        // The jitter goes down to nothing: after a second's backoff one drain in a hundred would try a failure twice.
        processor: { enabled: false, backoffBaseMs: 60 * 60 * 1000, ...options.processor },
      }),
    ],
  }).compile();
  await module.init();
  afterAll(() => module.close());
  return new TestRegistry(module, database, database.pool(), db, media);
}

import { deepEqual } from 'node:assert/strict';
import { Test, type TestingModule } from '@nestjs/testing';
import { Kysely, PostgresDialect } from 'kysely';
import {
  FileRegistry,
  FileRegistryModule,
  type FileRegistryOptions,
  type FileRegistryTables,
  localStorage,
  OutboxProcessor,
  type Owner,
  type StoredFile,
} from 'nestjs-file-registry';
import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import { assertLaws } from '../../support/assert-laws.js';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import { passTime } from '../../support/pass-time.js';
import type { TemporaryFolder } from '../../support/temporary-folder.js';
import { schema, tables } from './ordinary-database.js';

export interface OrdinaryRegistryOptions extends Partial<Omit<FileRegistryOptions, 'database' | 'storages'>> {
  /** The application role's connections. */
  readonly pool: Pool;
  /** The superuser's, past any pooler. */
  readonly admin: Pool;
  /** The folder of another registry over the same database. Default: one of its own. */
  readonly media?: TemporaryFolder;
}

/** The module as an application boots it, by a role that owns nothing, without a schedule. */
export class OrdinaryRegistry {
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;
  /** Every key that storage was asked to delete. */
  readonly deletedKeys: string[] = [];
  /** Makes storage refuse every deletion for good. */
  refuseDeletions = false;

  private constructor(
    readonly db: Kysely<FileRegistryTables>,
    readonly admin: Pool,
    readonly media: TemporaryFolder,
    module: TestingModule,
  ) {
    this.files = module.get(FileRegistry);
    this.processor = module.get(OutboxProcessor);
  }

  static async boot({ pool, admin, media, ...options }: OrdinaryRegistryOptions): Promise<OrdinaryRegistry> {
    const folder = media ?? (await createTemporaryFolder('media'));
    const db = new Kysely<FileRegistryTables>({ dialect: new PostgresDialect({ pool }) });
    const local = localStorage({ root: folder.path });
    const storage: typeof local = {
      ...local,
      async delete(objects, deleteOptions) {
        if (registry.refuseDeletions) {
          return objects.map(({ key }) => ({ key, error: { message: 'refused', permanent: true } }));
        }
        registry.deletedKeys.push(...objects.map(({ key }) => key));
        return local.delete(objects, deleteOptions);
      },
    };
    const module = await Test.createTestingModule({
      imports: [
        FileRegistryModule.forRoot({
          database: db,
          schema,
          storages: { media: storage },
          ...options,
          processor: { enabled: false, ...options.processor },
        }),
      ],
    }).compile();
    await module.init();
    afterAll(() => module.close());

    const registry = new OrdinaryRegistry(db, admin, folder, module);
    return registry;
  }

  store(content = 'bytes', filename = 'photo.jpg'): Promise<StoredFile> {
    return this.files.store(Buffer.from(content), { filename });
  }

  attach(file: StoredFile | readonly StoredFile[], owner: Owner): Promise<unknown> {
    return this.db.transaction().execute((trx) => this.files.in(trx).attach(file, owner));
  }

  detach(file: StoredFile | readonly StoredFile[], owner: Owner): Promise<unknown> {
    return this.db.transaction().execute((trx) => this.files.in(trx).detach(file, owner));
  }

  /** What the superuser finds in a table about a file. */
  async rows(table: 'deletions' | 'deletion_outbox', file: { readonly id: string }): Promise<any[]> {
    return (await this.admin.query(`select * from ${tables}.${table} where file_id = $1`, [file.id])).rows;
  }

  async hasBytes(file: StoredFile): Promise<boolean> {
    return (await this.media.files()).includes(file.key);
  }

  passTime(interval: string): Promise<void> {
    return passTime(this.admin, interval, schema);
  }

  assertLaws(): Promise<void> {
    return assertLaws({ admin: this.admin, schema, storages: { media: this.media.path } });
  }

  /** Detaches everything and lets so much time pass that nothing may be left, not even a receipt. */
  async empty(): Promise<void> {
    this.refuseDeletions = false;
    await this.admin.query(`delete from ${tables}.file_references`);
    await this.processor.retryStuck();
    for (let pass = 0; pass < 2; pass++) {
      await this.passTime('1 year');
      await this.processor.drain();
    }
    const { pending, reserved, condemned, receipts } = await this.processor.stats();
    deepEqual(
      { pending, reserved, condemned, receipts },
      { pending: 0, reserved: 0, condemned: 0, receipts: 0 },
    );
    deepEqual(await this.media.files(), []);
    this.deletedKeys.length = 0;
  }
}

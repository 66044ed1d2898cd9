import { Readable } from 'node:stream';
import {
  FileReconciler,
  type FileRegistryOptions,
  type FileStorage,
  localStorage,
  type ReconcileFinding,
  type ReconcileOptions,
  type ReconcileReport,
} from 'nestjs-file-registry';
import { type MemoryStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { assertLaws } from '../../support/assert-laws.js';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import { createTestRegistry, type TestRegistry } from '../../support/create-test-registry.js';

export const day = 24 * 60 * 60 * 1000;

/** A registry over one storage, with the storage and the reconciler at hand. Pauses before a new attempt take up to 1 ms. */
export class Arena<Storage extends FileStorage = FileStorage> {
  readonly reconciler: FileReconciler;

  constructor(
    readonly registry: TestRegistry,
    readonly storage: Storage,
    readonly root: string | undefined,
  ) {
    this.reconciler = registry.module.get(FileReconciler);
  }

  reconcile(options: ReconcileOptions = {}): Promise<ReconcileReport> {
    return this.reconciler.reconcile({ backoffBaseMs: 1, ...options });
  }

  /** The same, with every finding as onFinding was told of it. */
  async findings(options: ReconcileOptions = {}): Promise<ReconcileFinding[]> {
    const findings: ReconcileFinding[] = [];
    await this.reconcile({ ...options, onFinding: (finding) => void findings.push(finding) });
    return findings;
  }

  /** Behind the registry's back. */
  async put(key: string, content = 'x'): Promise<void> {
    await this.storage.write(key, Readable.from([Buffer.from(content)]), { contentType: 'text/plain' });
  }

  /** Behind the registry's back. */
  async lose(...keys: string[]): Promise<void> {
    await this.storage.delete(keys.map((key) => ({ key, abandoned: false })));
  }

  async keys(): Promise<string[]> {
    return (await Array.fromAsync(this.storage.list())).map(({ key }) => key);
  }

  async rowKeys(): Promise<string[]> {
    return (await this.registry.tables.selectFrom('files').select('key').orderBy('key').execute()).map(
      ({ key }) => key,
    );
  }

  /** No object, no row, as on the first day. */
  async clear(): Promise<void> {
    await this.lose(...(await this.keys()));
    await this.registry.pool.query(`
      set local session_replication_role = replica;
      truncate file_registry.files, file_registry.file_references, file_registry.deletion_outbox,
               file_registry.deletions, file_registry.adopted_keys;
      update file_registry.settings set identity = null, paused_at = null;`);
  }

  /** Every row of every table of the registry. */
  async wholeDatabase(): Promise<unknown> {
    const { rows } = await this.registry.pool.query<{ name: string }>(
      `select c.relname as name from pg_class c
        where c.relnamespace = 'file_registry'::regnamespace and c.relkind = 'r' order by 1`,
    );
    const tables: Record<string, unknown> = {};
    for (const { name } of rows) {
      tables[name] = (
        await this.registry.pool.query(`select t::text from file_registry.${name} t order by 1`)
      ).rows;
    }
    return tables;
  }

  assertLaws(): Promise<void> {
    const storages = this.root === undefined ? {} : { media: this.root };
    return assertLaws({ admin: this.registry.pool, storages });
  }
}

type Options = Partial<Omit<FileRegistryOptions, 'database' | 'storages'>>;

export async function arenaOver<Storage extends FileStorage>(
  storage: Storage,
  options: Options = {},
  root?: string,
): Promise<Arena<Storage>> {
  return new Arena(await createTestRegistry({ ...options, storages: { media: storage } }), storage, root);
}

export function memoryArena(options: Options = {}): Promise<Arena<MemoryStorage>> {
  return arenaOver(memoryStorage(), options);
}

export async function localArena(options: Options = {}): Promise<Arena & { readonly root: string }> {
  const { path } = await createTemporaryFolder('media');
  return (await arenaOver(localStorage({ root: path }), options, path)) as Arena & { readonly root: string };
}

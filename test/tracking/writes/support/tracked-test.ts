import {
  type FileRegistryOptions,
  type StoredFile,
  trackFileColumn,
  type TrackFileColumnOptions,
} from 'nestjs-file-registry';
import type { Client } from 'pg';
import { createTestRegistry, type TestRegistry } from '../../../support/create-test-registry.js';
import { type FollowedColumn, wrongReferences } from './wrong-references.js';

/** A registry with tables of the test's own, whose references are compared with the columns after every step. */
export class TrackedTest {
  constructor(
    readonly registry: TestRegistry,
    private readonly followed: FollowedColumn[] = [],
  ) {}

  get pool() {
    return this.registry.pool;
  }

  get files() {
    return this.registry.files;
  }

  /** Tracks a column; from then on `check` compares the slot with `rows`, a query of (id, file) by the test itself. */
  async track(options: TrackFileColumnOptions, rows: string): Promise<void> {
    await trackFileColumn(this.pool, options);
    const ownerType =
      options.ownerType ?? (typeof options.table === 'string' ? options.table : options.table.name);
    this.followed.push({
      ownerType,
      slot: options.slot ?? options.column + (options.path ?? '').slice(1),
      rows,
    });
  }

  /** Runs statements, then compares every slot with its column, both ways, and checks the laws of rows. */
  async run(text: string, values?: unknown[]): Promise<any[]> {
    const { rows } = await this.pool.query(text, values);
    await this.check();
    return rows;
  }

  async check(): Promise<void> {
    await this.checkSlots();
    await this.registry.assertLaws();
  }

  /** Also inside a transaction, for what it sees. */
  async checkSlots(client: Pick<Client, 'query'> = this.pool): Promise<void> {
    const wrong = await wrongReferences(client, this.followed);
    if (wrong.length > 0) {
      throw new Error(`References and columns differ:\n  ${wrong.slice(0, 20).join('\n  ')}`);
    }
  }

  /** Ids of files with bytes. */
  async store(count: number): Promise<string[]> {
    const stored: StoredFile[] = [];
    for (let n = 0; n < count; n++) {
      stored.push(await this.registry.store(`bytes ${n}`));
    }
    return stored.map((file) => file.id);
  }

  /** A table `name` (n, id) of files whose bytes nobody looks at: by the hundred thousand. */
  async fabricate(name: string, count: number): Promise<void> {
    await this.pool.query(`
      create table ${name} as select n, gen_random_uuid() as id from generate_series(1, ${count}) n;
      create unique index on ${name} (n);
      analyze ${name};
      insert into file_registry.files (id, storage, key, content_type, size)
      select id, 'elsewhere', '${name}/' || id, 'text/plain', 1 from ${name};`);
  }

  /** What the test's slots hold, as `owner_type/owner_id/slot file`. */
  async references(): Promise<{ type: string; id: string; slot: string; file: string; since: string }[]> {
    const { rows } = await this.pool.query(`
      select owner_type as type, owner_id as id, slot, file_id as file, attached_at::text as since
        from file_registry.file_references order by 1, 2, 3, 4`);
    return rows;
  }

  async intents(): Promise<number> {
    const { rows } = await this.pool.query('select count(*)::int as n from file_registry.deletion_outbox');
    return rows[0].n;
  }
}

export async function createTrackedTest(
  tables: string,
  options: Partial<Omit<FileRegistryOptions, 'database'>> = {},
): Promise<TrackedTest> {
  const registry = await createTestRegistry(options);
  await registry.pool.query(tables);
  return new TrackedTest(registry);
}

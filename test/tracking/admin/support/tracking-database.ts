import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, Pool } from 'pg';
import { afterEach } from 'vitest';
import { trackedColumns } from 'nestjs-file-registry';
import { assertLaws } from '../../../support/assert-laws.js';
import { createTestDatabase } from '../../../support/create-test-database.js';
import type { TestDatabase } from '../../../support/test-database.js';

/** What a row holds: the owner's id and the file's. */
export type Held = readonly [ownerId: string, fileId: string];

/** A registry of rows only, without storage, beside which a test makes its tables. */
export class TrackingDatabase {
  private readonly sessions: Client[] = [];

  constructor(
    readonly database: TestDatabase,
    readonly pool: Pool,
  ) {}

  async sql(text: string, values: unknown[] = []): Promise<any[]> {
    return (await this.pool.query(text, values)).rows;
  }

  /** Makes so many files and answers their ids, in order. */
  async files(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID()).toSorted();
    await this.sql(
      `insert into file_registry.files (id, storage, key, content_type, size)
       select id, 'media', format('2026/%s.jpg', id), 'image/jpeg', 1 from unnest($1::uuid[]) id`,
      [ids],
    );
    return ids;
  }

  /** Drops these tables, ends all tracking and drops all references. */
  async forget(...tables: string[]): Promise<void> {
    await this.sql(`drop table if exists ${tables.join(', ')} cascade`);
    await this.sql('select file_registry.untrack_column(id, false) from file_registry.tracked_columns');
    await this.sql('delete from file_registry.file_references');
  }

  async file(): Promise<string> {
    return (await this.files(1))[0]!;
  }

  /** What the owners of a slot hold, in the order of their ids. */
  async held(ownerType: string, slot = 'cover'): Promise<Held[]> {
    const rows = await this.sql(
      `select owner_id, file_id from file_registry.file_references where owner_type = $1 and slot = $2 order by 1, 2`,
      [ownerType, slot],
    );
    return rows.map((row) => [row.owner_id, row.file_id]);
  }

  /** What the rows of a table say that they hold, for a column of single files. */
  async named(table: string, idText = 'id::text', column = 'cover'): Promise<Held[]> {
    const rows = await this.sql(
      `select ${idText} as owner_id, ${column} as file_id from ${table} where ${column} is not null order by (${idText}) collate "C"`,
    );
    return rows.map((row) => [row.owner_id, row.file_id]);
  }

  /** The state of a tracked column, or nothing where it is not tracked. */
  async state(table: string, column = 'cover'): Promise<string | undefined> {
    const all = await trackedColumns(this.pool);
    return all.find((one) => one.table === table && one.column === column)?.state;
  }

  /** Resolves once the session of this process id waits for another one's lock. */
  async untilBlocked(pid: number): Promise<void> {
    await this.until(`select 1 where cardinality(pg_blocking_pids($1)) > 0`, [pid]);
  }

  /** A session inside a transaction, which `rollBackAll` ends. */
  async begun(isolation = 'read committed'): Promise<Client> {
    const session = await this.database.begun(isolation);
    this.sessions.push(session);
    return session;
  }

  /** After each test, so that one that failed does not let the next wait for its locks. */
  async rollBackAll(): Promise<void> {
    await Promise.all(this.sessions.splice(0).map((session) => session.end()));
  }

  /** Resolves once the one session waits for the other. */
  async untilBlockedBy(pid: number, blocker: number): Promise<void> {
    await this.until(`select 1 where $2::integer = any(pg_blocking_pids($1))`, [pid, blocker]);
  }

  /** Resolves with the process id of the session that runs a statement with this text and waits for a lock. */
  async untilWaiting(text: string): Promise<number> {
    const [row] = await this.until(
      `select pid from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and position($1 in query) > 0 and cardinality(pg_blocking_pids(pid)) > 0`,
      [text],
    );
    return row.pid;
  }

  assertLaws(): Promise<void> {
    return assertLaws({ admin: this.pool, storages: {} });
  }

  private async until(condition: string, values: unknown[]): Promise<any[]> {
    for (const deadline = Date.now() + 10_000; ; await pause(5)) {
      const rows = await this.sql(condition, values);
      if (rows.length > 0) return rows;
      if (Date.now() > deadline)
        throw new Error(`Nothing was found by ${condition} for ${values.join(', ')}`);
    }
  }
}

export function pidOf(client: Client): number {
  return (client as Client & { processID: number }).processID;
}

/** For the test file that calls it, at its top level. */
export async function createTrackingDatabase(): Promise<TrackingDatabase> {
  const database = await createTestDatabase();
  const tracking = new TrackingDatabase(database, database.pool());
  afterEach(() => tracking.rollBackAll());
  return tracking;
}

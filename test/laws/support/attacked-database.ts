import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import { expect } from 'vitest';
import { assertLaws } from '../../support/assert-laws.js';
import { createTestDatabase } from '../../support/create-test-database.js';
import type { Queryable } from '../../support/queryable.js';
import type { TestDatabase } from '../../support/test-database.js';

/** How PostgreSQL refuses what a law forbids. */
export const refused = { code: '23001' };
export const missingFile = { code: '23503' };
/** PostgreSQL has a code of its own for `restrict` from version 18. */
export const stillReferenced = { code: expect.stringMatching(/^(23001|23503)$/) as string };
export const busyKey = { code: '23505' };
export const staleSnapshot = { code: '0A000' };
export const serializationFailure = { code: '40001' };

/** The registry's schema as the superuser attacks it with raw SQL: rows only, without storage. */
export class AttackedDatabase {
  constructor(
    readonly database: TestDatabase,
    readonly admin: Queryable,
  ) {}

  /** Runs one statement and answers its rows. */
  async sql(text: string, values: unknown[] = [], on: Queryable = this.admin) {
    return (await on.query(text, values)).rows;
  }

  /** A session of its own, for what happens beside others. */
  session(): Promise<Client> {
    return this.database.client();
  }

  /** Inserts a file; its key is generated unless one is given, which is then adopted. */
  async file(given: { id?: string; key?: string } = {}, on?: Queryable): Promise<string> {
    const { id = randomUUID(), key = `2026/11/${id}.jpg` } = given;
    await this.sql(
      `insert into file_registry.files (id, storage, key, content_type, size) values ($1, 'media', $2, 'image/jpeg', 1)`,
      [id, key],
      on,
    );
    return id;
  }

  async reference(
    file: string,
    ownerId = '1',
    type = 'article',
    slot = 'cover',
    on?: Queryable,
  ): Promise<void> {
    await this.sql(
      'insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, $2, $3, $4)',
      [file, type, ownerId, slot],
      on,
    );
  }

  /** Makes the file a rendition that the original holds. */
  rendition(file: string, original: string, on?: Queryable): Promise<void> {
    return this.reference(file, original, 'file', `size=${file}`, on);
  }

  async reasons(file: string): Promise<string[]> {
    const rows = await this.sql(
      'select reason from file_registry.deletion_outbox where file_id = $1 order by seq',
      [file],
    );
    return rows.map((row) => row.reason);
  }

  async deletion(file: string) {
    return (await this.sql('select * from file_registry.deletions where file_id = $1', [file]))[0];
  }

  async exists(file: string): Promise<boolean> {
    return (await this.sql('select from file_registry.files where id = $1', [file])).length === 1;
  }

  /** Orders the deletion of an object by hand. */
  async order(
    given: { file?: string; key?: string; state?: string; reason?: string } = {},
    on?: Queryable,
  ): Promise<string> {
    const { file = randomUUID(), state = 'condemned', reason = 'direct' } = given;
    const { key = `2026/11/${file}.jpg` } = given;
    await this.sql(
      `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, deleted_at)
       values ($1, 'media', $2, $3, $4, case when $4 <> 'deleted' then now() end, case when $4 = 'deleted' then now() end)`,
      [file, key, reason, state],
      on,
    );
    return file;
  }

  /** Resolves once the session waits for another one's lock. */
  async untilBlocked(session: Client): Promise<void> {
    const pid = (session as Client & { processID: number }).processID;
    for (const deadline = Date.now() + 10_000; ; await pause(5)) {
      const [row] = await this.sql('select cardinality(pg_blocking_pids($1)) > 0 as blocked', [pid]);
      if (row.blocked) return;
      if (Date.now() > deadline) throw new Error(`session ${pid} waits for nobody`);
    }
  }

  assertLaws(): Promise<void> {
    return assertLaws({ admin: this.admin, storages: {} });
  }
}

/** What the promise is rejected with, caught at once, so that it may be awaited later. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
}

/** For the test file that calls it, at its top level. */
export async function createAttackedDatabase(): Promise<AttackedDatabase> {
  const database = await createTestDatabase();
  return new AttackedDatabase(database, database.pool());
}

/**
 * What a file costs in the database: bytes a row in each table and index, and bytes of WAL for each step of its life. Prints
 * JSON, which is kept as docs/row-sizes.json and read by docs/capacity.md:
 *
 *     node --import ./test/support/typescript-hooks.ts bench/row-sizes.ts [FILES] > docs/row-sizes.json
 */
import { Pool } from 'pg';
import { v7 } from 'uuid';
import { migrate } from 'nestjs-file-registry';
import { generateKey } from '../src/storage/object-key.js';
import { startPostgres } from '../test/support/start-postgres.js';

const files = Number(process.argv[2] ?? 200_000);
const batchSize = 1000;
const day = 24 * 3600 * 1000;

/** Without images of whole pages, whose number depends on how often checkpoints come; the page says what they add. */
const postgres = await startPostgres({
  settings: {
    full_page_writes: 'off',
    wal_level: 'replica',
    max_wal_size: '8GB',
    autovacuum: 'off',
    shared_buffers: '256MB',
  },
});
const database = new Pool({ connectionString: postgres.connectionString, max: 1 });
try {
  await migrate(database);
  const schema = 'file_registry';
  const ids = Array.from({ length: files }, () => v7());
  const name = (index: number) => `photo-${String(index).padStart(6, '0')}.jpg`;
  const wal: Record<string, number> = {};
  const tables: Record<string, unknown> = {};

  await step('store', ids, (batch, start) => [
    `select ${schema}.reserve(id, 'media', key, filename, ${day}) from unnest($1::uuid[], $2::text[], $3::text[]) as u(id, key, filename)`,
    [
      batch,
      batch.map((id, index) => generateKey({ fileId: id, filename: name(start + index) })),
      batch.map((_, index) => name(start + index)),
    ],
  ]);
  await step('store', ids, (batch) => [
    `select ${schema}.finish_upload(id, null, 'image/jpeg', 123456, sha256(id::text::bytea), '{}') from unnest($1::uuid[]) id`,
    [batch],
  ]);
  tables['files'] = await sizes('files');
  await step('attach', ids, (batch, start) => [
    `select ${schema}.attach(array[id], 'article', number::text, 'cover')
       from unnest($1::uuid[]) with ordinality as u(id, number)`.replace(
      'number::text',
      `(number + ${1_000_000 + start})::text`,
    ),
    [batch],
  ]);
  tables['file_references'] = await sizes('file_references');
  await drain('settleAttached', 'stored');

  await step('detach', ids, (batch, start) => [
    `select ${schema}.detach(array[id], 'article', (number + ${1_000_000 + start})::text, 'cover')
       from unnest($1::uuid[]) with ordinality as u(id, number)`,
    [batch],
  ]);
  // The rows that went are vacuumed away first: what is measured is the table of detached files.
  tables['deletion_outbox'] = await sizes('deletion_outbox', true);

  await drain('settleCondemned', 'detached');
  await repeat('deleteBytes', async () => {
    const token = v7();
    const { rows } = await database.query(
      `select ${schema}.claim_deletions('media', ${batchSize}, $1, 60000) as claimed`,
      [token],
    );
    const claimed = rows[0].claimed as { fileId: string }[];
    if (claimed.length === 0) return 0;
    await database.query(`select ${schema}.complete_deletions($1, $2, ${day})`, [
      token,
      claimed.map(({ fileId }) => fileId),
    ]);
    return claimed.length;
  });
  tables['deletions'] = await sizes('deletions', true);
  await repeat('pruneReceipt', async () => {
    const { rows } = await database.query(`select ${schema}.prune_receipts(0, ${batchSize}) as pruned`);
    return rows[0].pruned as number;
  });

  const server = await database.query(`select current_setting('server_version') as version`);
  const rounded = Object.fromEntries(
    Object.entries(wal).map(([key, bytes]) => [key, Math.round(bytes / files)]),
  );
  console.log(
    JSON.stringify(
      { files, postgres: server.rows[0].version, bytesPerRow: tables, walBytesPerFile: rounded },
      null,
      2,
    ),
  );

  async function step(
    key: string,
    all: readonly string[],
    statement: (batch: readonly string[], start: number) => [string, unknown[]],
  ): Promise<void> {
    let start = 0;
    await repeat(key, async () => {
      const batch = all.slice(start, start + batchSize);
      if (batch.length > 0) await database.query(...statement(batch, start));
      start += batch.length;
      return batch.length;
    });
  }

  async function drain(key: string, reason: string): Promise<void> {
    await repeat(key, async () => {
      const { rows } = await database.query(
        `select ${schema}.settle($1, 0, ${batchSize}, '-infinity', 0) as answer`,
        [reason],
      );
      return rows[0].answer.claimed as number;
    });
  }

  /** Until nothing is done any more, and adds the bytes of WAL that it wrote. */
  async function repeat(key: string, work: () => Promise<number>): Promise<void> {
    const before = await position();
    let done = 0;
    for (let count = await work(); count > 0; count = await work()) done += count;
    if (done !== files) throw new Error(`${key}: ${done} of ${files} files`);
    wal[key] = (wal[key] ?? 0) + Number(await position(before));
  }

  async function position(since = '0/0'): Promise<string> {
    const { rows } = await database.query(
      'select pg_current_wal_insert_lsn() as at, pg_current_wal_insert_lsn() - $1 as bytes',
      [since],
    );
    return since === '0/0' ? rows[0].at : rows[0].bytes;
  }

  /** Of the table and each index as the steps above filled them, or as they are when rebuilt. */
  async function sizes(table: string, rebuilt = false): Promise<unknown> {
    if (rebuilt) await database.query(`vacuum full ${schema}.${table}`);
    await database.query(`vacuum analyze ${schema}.${table}`);
    const { rows } = await database.query(
      `select c.relname as name, pg_relation_size(c.oid)::float / $2 as bytes
         from pg_class c
         left join pg_index i on i.indexrelid = c.oid
        where coalesce(i.indrelid, c.oid) = $1::regclass
        order by i.indexrelid is not null, c.relname`,
      [`${schema}.${table}`, files],
    );
    const { rows: total } = await database.query(
      'select pg_total_relation_size($1::regclass)::float / $2 as bytes',
      [`${schema}.${table}`, files],
    );
    return {
      ...Object.fromEntries(rows.map((row) => [row.name, Math.round(row.bytes)])),
      total: Math.round(total[0].bytes),
    };
  }
} finally {
  await database.end();
  await postgres.stop();
}

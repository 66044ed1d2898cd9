import { call } from '../database/call.js';
import type { AnyKysely } from '../database/any-kysely.js';
import { type DatabaseHandle, toKysely } from '../database/database-handle.js';
import { kyselyExecutor } from '../database/kysely-executor.js';
import { checkSchemaName, defaultSchema } from '../database/schema-name.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import { trackArguments, trackedFileColumnNames } from './check-tracked-column.js';
import type { TrackedFileColumn } from './tracked-column.js';
import { trackingError } from './tracking-error.js';

export interface TrackFileColumnOptions extends TrackedFileColumn {
  /** The registry's schema. Default: `file_registry`. */
  readonly registrySchema?: string | undefined;

  /**
   * What happens to rows that are there: taken in `now`; `later`, by calling it again; or `again` from the first one, after triggers
   * were switched off or a partition with rows was attached. Default: `now`.
   */
  readonly existing?: 'now' | 'later' | 'again' | undefined;

  /** Rows taken in at a time, which are locked so long. Default: 1,000. Limits: 1 to 10,000. */
  readonly batchSize?: number | undefined;

  /** How long to wait for those who are writing the table; others wait behind it. Default: 5 seconds. Limits: 1 ms to 10 minutes. */
  readonly lockTimeoutMs?: number | undefined;

  /** Stops between two batches; calling it again goes on from there. */
  readonly signal?: AbortSignal | undefined;

  /** Called after each batch with the rows taken in so far. */
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export interface TrackFileColumnResult {
  /** Rows that this call took in. */
  readonly rows: number;

  /** False while rows that were there before may not hold their files yet. */
  readonly complete: boolean;
}

export const batchSizeDefault = 1000;
const batchSizeMax = 10_000;
const lockTimeoutDefaultMs = 5000;
const lockTimeoutMaxMs = 10 * 60 * 1000;

const optionNames = {
  ...trackedFileColumnNames,
  registrySchema: true,
  existing: true,
  batchSize: true,
  lockTimeoutMs: true,
  signal: true,
  onProgress: true,
} as const satisfies Record<keyof TrackFileColumnOptions, true>;

/**
 * Keeps the references of a table's rows equal to a column of theirs, by triggers: whatever writes the rows (an ORM, raw SQL, a
 * cascade, COPY, TRUNCATE), each row holds exactly the files that its column names, in the same transaction. What names no
 * file is refused by the database. Afterwards the application calls nothing but `store`.
 *
 * Rows that are there already are taken in, in batches with a transaction each, and an interrupted call is continued by the
 * next. Inside a transaction, such as a Kysely migration, everything happens in it, and writers of the table wait for its end:
 * for a large table say `existing: 'later'` there and call it once more outside. Tracking the same again changes nothing.
 *
 * Run it with the role that migrates: the owner of the registry's schema, who may create triggers on the table and read it.
 *
 * ```ts
 * await trackFileColumn(db, { table: 'article', column: 'cover_id', where: 'deleted_at is null' });
 * await trackFileColumn(db, { table: 'article', column: 'gallery' });
 * await trackFileColumn(db, { table: 'page', column: 'content', path: '$.blocks[*].image' });
 * ```
 *
 * @throws InvalidTrackedColumnError for a table, column or condition that will not do, or that is tracked otherwise; nothing
 *   was changed. TrackedValueError for a row that names no file; tracking has begun, and the next call goes on there.
 *   TransactionConflictError where the table could not be locked in time; call it again.
 */
export async function trackFileColumn(
  database: DatabaseHandle,
  options: TrackFileColumnOptions,
): Promise<TrackFileColumnResult> {
  const db = toKysely(database);
  const args = trackArguments(options);
  refuseUnknownOptions(options, optionNames);
  const schema = checkSchemaName(options.registrySchema ?? defaultSchema);
  const { existing = 'now', signal, onProgress } = options;
  if (!['now', 'later', 'again'].includes(existing)) {
    throw new InvalidOptionError(
      `existing: expected 'now', 'later' or 'again', received ${String(existing)}.`,
      {
        context: { option: 'existing', value: existing },
      },
    );
  }
  const batchSize = wholeNumber('batchSize', options.batchSize ?? batchSizeDefault, [1, batchSizeMax]);
  const lockTimeoutMs = wholeNumber('lockTimeoutMs', options.lockTimeoutMs ?? lockTimeoutDefaultMs, [
    1,
    lockTimeoutMaxMs,
  ]);

  const tracked = await step<{ id: number; complete: boolean }>(
    db,
    schema,
    'track_column',
    args,
    lockTimeoutMs,
  );
  if (existing === 'later' || (tracked.complete && existing === 'now')) {
    return { rows: 0, complete: tracked.complete };
  }
  for (let rows = 0, again = existing === 'again'; ; again = false) {
    signal?.throwIfAborted();
    const page = await step<{ rows: number; complete: boolean }>(db, schema, 'take_in_rows', [
      ['integer', tracked.id],
      ['integer', batchSize],
      ['boolean', String(again)],
    ]);
    rows += page.rows;
    onProgress?.(rows);
    if (page.complete) {
      return { rows, complete: true };
    }
  }
}

/** In the transaction at hand, or in one of its own. */
export async function step<Result>(
  db: AnyKysely,
  schema: string,
  name: string,
  args: Parameters<typeof call>[3],
  lockTimeoutMs = lockTimeoutDefaultMs,
): Promise<Result> {
  try {
    if (db.isTransaction) {
      return await call<Result>(kyselyExecutor(db), schema, name, args);
    }
    return await db
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (transaction) => {
        const executor = kyselyExecutor(transaction);
        await executor.query(`select set_config('lock_timeout', $1, true)`, [`${lockTimeoutMs}ms`]);
        return call<Result>(executor, schema, name, args);
      });
  } catch (error) {
    throw trackingError(error, name, schema);
  }
}

import { type DatabaseHandle, toKysely } from '../database/database-handle.js';
import { databaseError } from '../database/database-error.js';
import { kyselyExecutor } from '../database/kysely-executor.js';
import type { SqlRow } from '../database/executor.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import type { OwnerId } from '../registry/owner.js';
import type { ImportRow } from './import-row.js';

const fetchSize = 1000;
const required = ['key', 'owner_type', 'owner_id', 'slot'] as const;

/**
 * The rows of a query as rows to import, streamed through a cursor in a read-only transaction on a connection of its own, so that
 * memory does not grow with them. The query answers `key`, `owner_type`, `owner_id`, `slot`, and optionally `filename` and
 * `content_type`; the id of a key of several columns is `json_build_array(a, b)`. Parameters are texts, cast where they are used.
 * The connection stays with the query while the rows are imported over another one, so the pool needs two: give Kysely one of two
 * connections at least; a `pg.Pool` of one is refused. An `order by` makes `skipRows` mean the same rows again.
 *
 * @throws InvalidOptionError where a column is missing, or for a pool of one connection; DatabaseFailedError for a query that is wrong, DatabaseUnavailableError.
 */
export async function* queryRows(
  database: DatabaseHandle,
  sql: string,
  parameters: readonly (string | null)[] = [],
): AsyncGenerator<ImportRow> {
  if (typeof sql !== 'string' || sql.trim() === '') {
    throw new InvalidOptionError('sql: expected a query that answers the rows to import.', {
      context: { option: 'sql', value: sql },
    });
  }
  refusePoolOfOne(database);
  const transaction = await toKysely(database).startTransaction().setAccessMode('read only').execute();
  const executor = kyselyExecutor(transaction);
  const run = (text: string, values: readonly (string | null)[] = []): Promise<readonly SqlRow[]> =>
    executor.query(text, values).catch((error: unknown) => {
      throw databaseError(error, 'The query of the rows to import');
    });
  try {
    // It is idle while a batch is imported, for as long as that takes.
    await run('set local idle_in_transaction_session_timeout = 0');
    await run(`declare rows_to_import no scroll cursor for ${sql}`, parameters);
    for (;;) {
      const rows = await run(`fetch ${fetchSize} from rows_to_import`);
      if (rows.length === 0) return;
      for (const row of rows) yield toImportRow(row);
    }
  } finally {
    // A connection that was lost has rolled back by itself.
    await transaction
      .rollback()
      .execute()
      .catch(() => undefined);
  }
}

/** The rows would hold the only connection, and who imports them would wait for it for ever. Kysely does not show its pool. */
function refusePoolOfOne(database: DatabaseHandle): void {
  const { options } = database as { readonly options?: { readonly max?: unknown } };
  if (options?.max === 1) {
    throw new InvalidOptionError(
      'database: expected a pool of two connections at least, one for the query and one for the import, received a pool of one. Raise its max.',
      { context: { option: 'database' } },
    );
  }
}

function toImportRow(row: SqlRow): ImportRow {
  const missing = required.filter((column) => !(column in row));
  if (missing.length > 0) {
    throw new InvalidOptionError(
      `sql: the query does not answer ${missing.join(', ')}. It has to answer ${required.join(', ')}, and may answer filename and content_type.`,
      { context: { option: 'sql', missing } },
    );
  }
  return {
    key: row['key'] as string,
    ownerType: row['owner_type'] as string,
    ownerId: row['owner_id'] as OwnerId,
    slot: row['slot'] as string,
    filename: row['filename'] as string | null | undefined,
    contentType: row['content_type'] as string | null | undefined,
  };
}

import { call } from '../database/call.js';
import { type DatabaseHandle, toKysely } from '../database/database-handle.js';
import { kyselyExecutor } from '../database/kysely-executor.js';
import { checkSchemaName, defaultSchema } from '../database/schema-name.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';

export interface TrackedColumn {
  readonly id: number;
  /** Where the table was, and how it was called, when tracking began. */
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly path: string | null;
  readonly ownerType: string;
  readonly slot: string;
  readonly idColumns: readonly string[];
  readonly where: string | null;
  readonly guarded: boolean;
  readonly trackedAt: Date;

  /**
   * `tracking`; `takingIn` until every row that was there before is taken in; `gone` where the table or one of the columns was
   * dropped, `renamed` where one of them was, be it that two exchanged their names, `disabled` where a trigger was dropped or
   * switched off, `unlogged` where a crash would empty the table, both also of one partition, and `releasing` while references are
   * dropped. Rows of a table that is `renamed`, or that lost a column, cannot be inserted or deleted until `untrackFileColumn`.
   */
  readonly state: 'tracking' | 'takingIn' | 'gone' | 'renamed' | 'disabled' | 'unlogged' | 'releasing';
}

/**
 * Every tracked column, with what is wrong with it. The references of a table that is gone stay until
 * `untrackFileColumn(…, { references: 'release' })`.
 *
 * @throws SchemaOutdatedError, DatabaseUnavailableError
 */
export async function trackedColumns(
  database: DatabaseHandle,
  options: { readonly registrySchema?: string | undefined } = {},
): Promise<TrackedColumn[]> {
  refuseUnknownOptions(options, { registrySchema: true });
  const schema = checkSchemaName(options.registrySchema ?? defaultSchema);
  const rows = await call<(Omit<TrackedColumn, 'trackedAt'> & { trackedAt: string })[]>(
    kyselyExecutor(toKysely(database)),
    schema,
    'list_tracked_columns',
    [],
  );
  return rows.map((row) => ({ ...row, trackedAt: new Date(row.trackedAt) }));
}

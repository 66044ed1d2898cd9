import { type DatabaseHandle, toKysely } from '../database/database-handle.js';
import { checkSchemaName, defaultSchema } from '../database/schema-name.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { InvalidTrackedColumnError } from '../errors/invalid-tracked-column-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { checkColumn, trackedFileColumnNames } from './check-tracked-column.js';
import { batchSizeDefault, step } from './track-file-column.js';
import type { FileColumn } from './tracked-column.js';
import { trackedColumns } from './tracked-columns.js';

export interface UntrackFileColumnOptions extends FileColumn {
  /** The registry's schema. Default: `file_registry`. */
  readonly registrySchema?: string | undefined;

  /**
   * `keep` leaves the references to the application, which detaches them by hand, or to a later tracking of the same slot. `release`
   * drops them, and the files go after their grace period unless something else holds them. Default: `keep`.
   */
  readonly references?: 'keep' | 'release' | undefined;
}

export interface UntrackFileColumnResult {
  /** References that this call dropped. */
  readonly released: number;
}

/**
 * Ends the tracking of a column, also of a table that was renamed or dropped; name it as it was called when tracking began. Releasing
 * references goes in batches with a transaction each, unless the call is made in one; an interrupted call is continued by
 * the next.
 *
 * ```ts
 * await untrackFileColumn(db, { table: 'article', column: 'gallery', references: 'release' });
 * ```
 *
 * @throws InvalidTrackedColumnError where the column is not tracked; TransactionConflictError where the table could not be
 *   locked in time.
 */
export async function untrackFileColumn(
  database: DatabaseHandle,
  options: UntrackFileColumnOptions,
): Promise<UntrackFileColumnResult> {
  const db = toKysely(database);
  const { table, column, path } = checkColumn(options);
  refuseUnknownOptions(options, { ...trackedFileColumnNames, registrySchema: true, references: true });
  const schema = checkSchemaName(options.registrySchema ?? defaultSchema);
  const { references = 'keep' } = options;
  if (!['keep', 'release'].includes(references)) {
    throw new InvalidOptionError(
      `references: expected 'keep' or 'release', received ${String(references)}.`,
      {
        context: { option: 'references', value: references },
      },
    );
  }

  const all = await trackedColumns(db, { registrySchema: schema });
  const found = all.filter(
    (one) =>
      one.table === table.name &&
      (table.schema === undefined || one.schema === table.schema) &&
      one.column === column &&
      one.path === path,
  );
  // A table that was dropped and made anew may be tracked twice under one name: the one that is gone is meant.
  const gone = found.filter((one) => one.state === 'gone' || one.state === 'releasing');
  const [tracked] = found.length > 1 && gone.length === 1 ? gone : found;
  if (tracked === undefined || (found.length > 1 && gone.length !== 1)) {
    throw new InvalidTrackedColumnError(
      `${found.length === 0 ? 'No' : 'More than one'} tracked column is called ${table.name}.${column}${path === null ? '' : ` with the path ${path}`}. ` +
        (found.length === 0
          ? `Tracked are: ${all.map((one) => `${one.schema}.${one.table}.${one.column}${one.path === null ? '' : ` (${one.path})`}`).join(', ') || 'none'}.`
          : `Name the schema: ${found.map((one) => one.schema).join(' or ')}.`),
      { context: { table, column, path } },
    );
  }

  await step(db, schema, 'untrack_column', [
    ['integer', tracked.id],
    ['boolean', String(references === 'release')],
  ]);
  let released = 0;
  for (let complete = references === 'keep'; !complete;) {
    const page = await step<{ released: number; complete: boolean }>(db, schema, 'release_tracked', [
      ['integer', tracked.id],
      ['integer', batchSizeDefault],
    ]);
    released += page.released;
    complete = page.complete;
  }
  return { released };
}

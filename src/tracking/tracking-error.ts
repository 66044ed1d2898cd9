import { databaseError } from '../database/database-error.js';
import { sqlStateOf } from '../database/sql-state.js';
import { DatabaseFailedError } from '../errors/database-failed-error.js';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidTrackedColumnError } from '../errors/invalid-tracked-column-error.js';
import { SchemaOutdatedError } from '../errors/schema-outdated-error.js';
import { TrackedValueError } from '../errors/tracked-value-error.js';

/** What PostgreSQL says to a table, a column or a condition that will not do: classes 42, 22 and 3F, and what it does not support. */
const badColumn = /^(42|22|3F|0A)/;

/** Functions, operators and types that a condition names and that are not where the registry looks. */
const unknownName = /^(42883|42704)$/;

/** Says what a failure of tracking means for whoever asked for it; PostgreSQL's error is the `cause`. */
export function trackingError(cause: unknown, statement: string, schema: string): FileRegistryError {
  const error = databaseError(cause, statement);
  const original = error.cause;
  const state = sqlStateOf(original);
  if (state === undefined || !(original instanceof Error)) {
    return error;
  }
  const { hint, detail } = original as { hint?: string; detail?: string };
  const details = { cause: original, context: { statement, sqlState: state } };
  const missingSchema = error instanceof SchemaOutdatedError && original.message.includes(schema);
  if (state === '42501') {
    return new DatabaseFailedError(
      `${statement} was refused (${original.message}). Run it with the role that migrates: it owns the registry's schema, has SELECT, UPDATE and TRIGGER on the table, and to end tracking is a member of the table's owner.`,
      details,
    );
  }
  if (state === '23503') {
    return new TrackedValueError(
      `${original.message}. ${detail ?? ''} Mend the row (null, or the id of a file), then call it again: it goes on from there.`,
      details,
    );
  }
  if (badColumn.test(state) && !missingSchema) {
    const advice = unknownName.test(state)
      ? 'Write what is not in pg_catalog with its schema: public.lower_it(title).'
      : (hint ?? 'Nothing was changed.');
    return new InvalidTrackedColumnError(
      `The column cannot be tracked: ${original.message}. ${advice}`,
      details,
    );
  }
  return error;
}

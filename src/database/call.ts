import { databaseError } from './database-error.js';
import type { Executor, SqlParameter } from './executor.js';
import { quoteIdentifier } from './quote-identifier.js';

/** A value and the SQL type it is cast to, e.g. `['uuid[]', '{…}']`. */
export type Argument = readonly [type: string, value: SqlParameter | number];

/**
 * Calls one of the schema's functions as one statement with positional text parameters and explicit casts, and answers with
 * the JSON it returns. Asking for text keeps type parsers and result plugins of the host out of it.
 *
 * @throws TransactionConflictError, TransactionAbortedError, DatabaseUnavailableError or DatabaseFailedError.
 */
export async function call<Result>(
  executor: Executor,
  schema: string,
  name: string,
  args: readonly Argument[],
): Promise<Result> {
  const parameters = args.map(([type], index) => `$${index + 1}::text::${type}`).join(', ');
  const values = args.map(([, value]) => (typeof value === 'number' ? String(value) : value));
  try {
    const [row] = await executor.query(
      `select ${quoteIdentifier(schema)}.${name}(${parameters})::text as result`,
      values,
    );
    const result = row?.['result'];
    return (typeof result === 'string' && result !== '' ? JSON.parse(result) : null) as Result;
  } catch (error) {
    throw databaseError(error, name);
  }
}

/** UUIDs as PostgreSQL writes an array of them; they need no quoting. */
export function uuidArray(ids: readonly string[]): Argument {
  return ['uuid[]', `{${ids.join(',')}}`];
}

export function jsonArgument(value: unknown): Argument {
  return ['jsonb', JSON.stringify(value)];
}

/** Texts as PostgreSQL writes an array of them. */
export function textArray(texts: readonly string[]): Argument {
  return ['text[]', `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`];
}

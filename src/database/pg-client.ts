import type { SqlRow } from './executor.js';

/** The part of node-postgres' client that is used; its own type is not, so that nothing depends on it. */
export interface PgClient {
  query(text: string, values: unknown[]): Promise<{ rows: SqlRow[] }>;
  /** From pg 8.21: 'I' idle, 'T' in a transaction, 'E' in a failed one. */
  getTransactionStatus?(): string | null;
  /** False while a statement is under way. */
  readonly readyForQuery?: boolean;
}

/** True for a client of node-postgres, also one of a pool; false for the pool itself. */
export function isPgClient(value: unknown): value is PgClient {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as PgClient).query === 'function' &&
    !('totalCount' in value) &&
    ('processID' in value || 'getTransactionStatus' in value)
  );
}

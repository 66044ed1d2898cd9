import type { SqlRow } from '../database/executor.js';
import { AdaptedTransaction } from './adapted-transaction.js';
import { ended } from './on-client.js';
import { pinnedExecutor } from '../database/pinned-executor.js';
import { describe, transactionRequired } from './transaction-required.js';

/** The part of Drizzle's `PgTransaction` that is used. */
export interface DrizzleTransaction {
  execute(query: any): PromiseLike<unknown>;
  rollback(): never;
  setTransaction(config: any): Promise<void>;
}

const hint = 'Pass the transaction that db.transaction() hands to its callback.';

/**
 * Drizzle's transaction, over node-postgres or postgres.js:
 *
 * ```ts
 * await db.transaction(async (tx) => {
 *   const [row] = await tx.insert(article).values({ title }).returning({ id: article.id });
 *   await files.in(drizzle(tx)).attach(photo, { type: 'article', id: row.id, slot: 'cover' });
 * });
 * ```
 *
 * A nested `tx.transaction()` has a transaction of its own to pass. Drizzle does not know when a transaction has ended, so
 * that the first verb of each one asks the database which transaction it is in.
 * Keep to the callback: a transaction that is first used after its end, while its connection is inside another one, passes for
 * that one.
 *
 * @throws TransactionRequiredError for the database itself; the verbs throw it once the transaction has ended.
 */
export function drizzle(transaction: DrizzleTransaction): AdaptedTransaction {
  if (
    typeof transaction !== 'object' ||
    transaction === null ||
    typeof transaction.execute !== 'function' ||
    typeof transaction.rollback !== 'function'
  ) {
    throw transactionRequired(describe(transaction), hint);
  }
  const executor = {
    async query(text: string, parameters: readonly unknown[]): Promise<readonly SqlRow[]> {
      const answer = await transaction.execute(bound(text, parameters));
      // node-postgres answers with an object, postgres.js with the rows; converters may have renamed the one column.
      const rows = (Array.isArray(answer) ? answer : (answer as { rows: SqlRow[] }).rows) as SqlRow[];
      return rows.map((row) => ({ result: Object.values(row)[0] }));
    },
  };
  return new AdaptedTransaction(pinnedExecutor(transaction, executor, () => ended('Drizzle', hint)));
}

/** What Drizzle takes for its `sql`, already compiled: `sql.raw` cannot bind, and `sql` would number the binds anew. */
function bound(text: string, parameters: readonly unknown[]): object {
  const query = {
    getSQL: () => query,
    toQuery: () => ({ sql: text, params: [...parameters] }),
  };
  return query;
}

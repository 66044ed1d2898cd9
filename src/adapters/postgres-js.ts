import type { SqlRow } from '../database/executor.js';
import { AdaptedTransaction } from './adapted-transaction.js';
import { ended } from './on-client.js';
import { pinnedExecutor } from '../database/pinned-executor.js';
import { describe, transactionRequired } from './transaction-required.js';

/** The part of postgres.js' `TransactionSql` that is used; only a transaction has `savepoint`. */
export interface PostgresJsTransaction {
  unsafe(query: string, parameters?: any[], options?: any): { raw(): PromiseLike<unknown> };
  readonly savepoint: unknown;
}

const hint = 'Pass the sql that sql.begin() hands to its callback.';

/**
 * postgres.js' transaction:
 *
 * ```ts
 * await sql.begin(async (sql) => {
 *   const [article] = await sql`insert into article ${sql({ title })} returning id`;
 *   await files.in(postgresJs(sql)).attach(photo, { type: 'article', id: article.id, slot: 'cover' });
 * });
 * ```
 *
 * Types and transforms of the application do not see the answers. postgres.js does not know when a transaction has ended, so
 * that the first verb of each one asks the database which transaction it is in.
 * Keep to the callback: a transaction that is first used after its end, while its connection is inside another one, passes for
 * that one.
 *
 * @throws TransactionRequiredError for `sql` outside of `begin` and for a reserved connection; the verbs throw it once the
 *   transaction has ended.
 */
export function postgresJs(transaction: PostgresJsTransaction): AdaptedTransaction {
  if (!isTransaction(transaction)) {
    const received =
      typeof transaction === 'function' ? 'postgres.js outside of a transaction' : describe(transaction);
    throw transactionRequired(received, hint);
  }
  const executor = {
    async query(text: string, parameters: readonly unknown[]): Promise<readonly SqlRow[]> {
      // A statement that is not prepared takes two round trips here; `prepare: false` of the application stays in force.
      const rows = await transaction.unsafe(text, [...parameters], { prepare: true, simple: false }).raw();
      return (rows as (Uint8Array | null)[][]).map(([result]) => ({
        result: result ? Buffer.from(result).toString() : null,
      }));
    },
  };
  return new AdaptedTransaction(pinnedExecutor(transaction, executor, () => ended('postgres.js', hint)));
}

function isTransaction(value: unknown): value is PostgresJsTransaction {
  const { unsafe, savepoint } = Object(value) as Partial<PostgresJsTransaction>;
  return typeof unsafe === 'function' && typeof savepoint === 'function';
}

import type { Transaction } from 'kysely';
import { AdaptedTransaction } from '../adapters/adapted-transaction.js';
import { TransactionRequiredError } from '../errors/transaction-required-error.js';
import type { Executor } from './executor.js';
import { isKysely } from './is-kysely.js';
import { kyselyExecutor } from './kysely-executor.js';
import { isPgClient, type PgClient } from './pg-client.js';
import { pinnedExecutor } from './pinned-executor.js';

/**
 * A transaction of the application: Kysely's, a node-postgres client between BEGIN and COMMIT, or that of another library in
 * its adapter.
 */
export type ApplicationTransaction = Transaction<any> | PgClient | AdaptedTransaction;

/**
 * Runs statements in the application's transaction, and only there.
 *
 * @throws TransactionRequiredError for everything that is no transaction; where that shows only later (a transaction that has
 * ended), the returned executor throws it.
 */
export function transactionExecutor(transaction: ApplicationTransaction): Executor {
  if (transaction instanceof AdaptedTransaction) {
    return transaction.executor;
  }
  if (isKysely(transaction)) {
    if (!transaction.isTransaction) {
      throw refuse(
        'a Kysely instance',
        'Pass the transaction that db.transaction().execute() hands to its callback.',
      );
    }
    const executor = kyselyExecutor(transaction);
    // A COMMIT by hand that fails leaves Kysely believing in a transaction that is over.
    return 'commit' in transaction
      ? pinnedExecutor(transaction, executor, () =>
          refuse('a Kysely transaction that has ended', 'Begin another.'),
        )
      : executor;
  }
  if (isPgClient(transaction)) {
    return pgExecutor(transaction);
  }
  if (typeof transaction === 'object' && transaction !== null && 'totalCount' in transaction) {
    throw refuse('a pool', 'Take a client from the pool, send BEGIN on it and pass the client.');
  }
  throw refuse(
    transaction === undefined || transaction === null ? String(transaction) : `a ${typeof transaction}`,
    'Pass a Kysely transaction, a pg client on which BEGIN was sent, or that of another library in its adapter.',
  );
}

function pgExecutor(client: PgClient): Executor {
  const refusal = () =>
    refuse(
      'a pg client without an open transaction',
      'Send BEGIN on it first and await the answer; after COMMIT or ROLLBACK begin again.',
    );
  const executor: Executor = {
    query: async (text, parameters) => (await client.query(text, [...parameters])).rows,
  };
  return {
    async query(text, parameters) {
      // A failed transaction ('E') is left to PostgreSQL, which says so itself.
      if (client.getTransactionStatus && !['T', 'E'].includes(client.getTransactionStatus() ?? '')) {
        throw refusal();
      }
      // The status is as of the last answer: what is under way may be a COMMIT that nobody awaited. Older clients have none.
      const isKnown = client.getTransactionStatus !== undefined && client.readyForQuery !== false;
      const here = isKnown ? executor : pinnedExecutor({}, executor, refusal);
      return here.query(text, parameters);
    },
  };
}

function refuse(received: string, hint: string): TransactionRequiredError {
  return new TransactionRequiredError(
    `This verb belongs into the application's transaction; received ${received}. ${hint} Nothing was changed.`,
    { context: { received } },
  );
}

import type { Transaction } from 'kysely';
import { TransactionRequiredError } from '../errors/transaction-required-error.js';
import type { Executor } from './executor.js';
import { isKysely } from './is-kysely.js';
import { kyselyExecutor } from './kysely-executor.js';
import { isPgClient, type PgClient } from './pg-client.js';
import { sqlStateOf } from './sql-state.js';

/** A transaction of the application: Kysely's, or a node-postgres client between BEGIN and COMMIT. */
export type ApplicationTransaction = Transaction<any> | PgClient;

/**
 * Runs statements in the application's transaction, and only there.
 *
 * @throws TransactionRequiredError for everything that is no transaction; where that shows only later (a transaction that has
 * ended), the returned executor throws it.
 */
export function transactionExecutor(transaction: ApplicationTransaction): Executor {
  if (isKysely(transaction)) {
    if (!transaction.isTransaction) {
      throw refuse(
        'a Kysely instance',
        'Pass the transaction that db.transaction().execute() hands to its callback.',
      );
    }
    return kyselyExecutor(transaction);
  }
  if (isPgClient(transaction)) {
    return pgExecutor(transaction);
  }
  if (typeof transaction === 'object' && transaction !== null && 'totalCount' in transaction) {
    throw refuse('a pool', 'Take a client from the pool, send BEGIN on it and pass the client.');
  }
  throw refuse(
    transaction === undefined || transaction === null ? String(transaction) : `a ${typeof transaction}`,
    'Pass a Kysely transaction, or a pg client on which BEGIN was sent.',
  );
}

function pgExecutor(client: PgClient): Executor {
  return {
    async query(text, parameters) {
      await requireOpenTransaction(client);
      const result = await client.query(text, [...parameters]);
      return result.rows;
    },
  };
}

async function requireOpenTransaction(client: PgClient): Promise<void> {
  const hint = 'Send BEGIN on it first and await the answer; after COMMIT or ROLLBACK begin again.';
  if (client.getTransactionStatus !== undefined) {
    // A failed transaction ('E') is left to PostgreSQL, which says so itself.
    if (!['T', 'E'].includes(client.getTransactionStatus() ?? '')) {
      throw refuse('a pg client without an open transaction', hint);
    }
    return;
  }
  // Older clients do not know; a savepoint is refused outside a transaction and costs nothing inside one.
  try {
    await client.query('savepoint file_registry_probe', []);
    await client.query('release savepoint file_registry_probe', []);
  } catch (error) {
    if (sqlStateOf(error) === '25P01') {
      throw refuse('a pg client without an open transaction', hint);
    }
    throw error;
  }
}

function refuse(received: string, hint: string): TransactionRequiredError {
  return new TransactionRequiredError(
    `This verb belongs into the application's transaction; received ${received}. ${hint} Nothing was changed.`,
    { context: { received } },
  );
}

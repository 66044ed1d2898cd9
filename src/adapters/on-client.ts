import type { Executor } from '../database/executor.js';
import { isPgClient } from '../database/pg-client.js';
import { transactionExecutor } from '../database/transaction-executor.js';
import { TransactionRequiredError } from '../errors/transaction-required-error.js';
import { transactionRequired } from './transaction-required.js';

/**
 * Runs statements straight on the node-postgres client that a library's transaction is on, past whatever the library does to
 * binds, rows and column names. The client itself knows whether a transaction is open, also where the library was left
 * believing in one, as after a COMMIT that failed.
 */
export function onClient(client: unknown, library: string, hint: string): Executor {
  if (!isPgClient(client)) {
    throw transactionRequired(`a ${library} transaction on another driver than node-postgres`, hint);
  }
  const executor = transactionExecutor(client);
  return {
    query: (text, parameters) =>
      executor.query(text, parameters).catch((error: unknown) => {
        throw error instanceof TransactionRequiredError ? ended(library, hint, error) : error;
      }),
  };
}

/** For a transaction of the library that is over. */
export function ended(library: string, hint: string, cause?: unknown): TransactionRequiredError {
  return transactionRequired(`a ${library} transaction that has ended`, hint, cause);
}

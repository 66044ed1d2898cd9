import { DatabaseFailedError } from '../errors/database-failed-error.js';
import { DatabaseUnavailableError } from '../errors/database-unavailable-error.js';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { SchemaOutdatedError } from '../errors/schema-outdated-error.js';
import { TransactionAbortedError } from '../errors/transaction-aborted-error.js';
import { TransactionConflictError } from '../errors/transaction-conflict-error.js';
import { TransactionRequiredError } from '../errors/transaction-required-error.js';
import { sqlStateOf } from './sql-state.js';

/**
 * Lost or ended connections and cancelled statements (classes 08 and 57), a server out of room (53), a database that accepts
 * nobody for now (55000). Without a SQLSTATE the statement never got an answer.
 */
const unavailable = /^(08|57|53)|^55000$/;

/** Says what a failed statement means for the caller; the driver's error is the `cause`. */
export function databaseError(cause: unknown, statement: string): FileRegistryError {
  if (cause instanceof FileRegistryError) {
    return cause;
  }
  const sqlState = sqlStateOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  const details = { cause, context: { statement, sqlState } };

  if (sqlState === '40001' || sqlState === '40P01' || sqlState === '55P03') {
    return new TransactionConflictError(
      `${statement} met a concurrent change (${message}). Roll back and run the whole transaction again.`,
      details,
    );
  }
  if (sqlState === '25P02') {
    return new TransactionAbortedError(
      `${statement} came after a statement that failed in the same transaction. Roll back, to a savepoint at least.`,
      details,
    );
  }
  if (sqlState === '3F000' || sqlState === '42883') {
    return new SchemaOutdatedError(
      `${statement} is not in the schema (${message}). Run migrate(database) first.`,
      details,
    );
  }
  if (sqlState === '42501') {
    return new DatabaseFailedError(
      `${statement} was refused (${message}). Grant the role USAGE on the registry's schema and EXECUTE on its functions.`,
      details,
    );
  }
  if (/^Transaction is already (committed|rolled back)$/.test(message)) {
    return new TransactionRequiredError(
      `${statement} was called after its transaction had ended. Call it inside the transaction's callback and await it there.`,
      details,
    );
  }
  if (sqlState === undefined || unavailable.test(sqlState)) {
    return new DatabaseUnavailableError(
      `${statement} got no answer from the database (${message}). Try again when it is reachable.`,
      details,
    );
  }
  return new DatabaseFailedError(`${statement} was refused by the database: ${message}.`, details);
}

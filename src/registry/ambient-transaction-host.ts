import { inspect } from 'node:util';
import { InvalidOptionError } from '../errors/invalid-option-error.js';

/**
 * What knows the application's transaction of the moment. `TransactionHost` of @nestjs-cls/transactional is one as it is; so is
 * anything over an `AsyncLocalStorage`:
 *
 * ```ts
 * const current = new AsyncLocalStorage<Transaction<Database>>();
 * const transaction = {
 *   get tx() { return current.getStore(); },
 *   isTransactionActive: () => current.getStore() !== undefined,
 * };
 * ```
 */
export interface AmbientTransactionHost<Tx = unknown> {
  /** The transaction. Only read while one is active: hosts may answer with something else when none is. */
  readonly tx: Tx;
  isTransactionActive(): boolean;
}

/** @throws InvalidOptionError. Does not look at `tx`, which may be a getter that works in a request only. */
export function checkTransactionHost<Host extends AmbientTransactionHost>(host: Host): Host {
  const given: unknown = host;
  if (
    typeof given === 'object' &&
    given !== null &&
    'tx' in given &&
    'isTransactionActive' in given &&
    typeof given.isTransactionActive === 'function'
  ) {
    return host;
  }
  throw new InvalidOptionError(
    `transaction: expected an object with tx and isTransactionActive(), such as the TransactionHost of @nestjs-cls/transactional, received ${inspect(given, { depth: 0 })}.`,
    { context: { option: 'transaction', value: given } },
  );
}

import { inspect } from 'node:util';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { TransactionActiveError } from '../errors/transaction-active-error.js';
import { TransactionRequiredError } from '../errors/transaction-required-error.js';
import type { AmbientTransactionHost } from './ambient-transaction-host.js';

/**
 * The host's transaction of the moment. Never its `tx` alone: outside of transactions that may be the plain connection, and
 * what was attached there would stay when the application rolls back.
 *
 * @throws TransactionRequiredError where there is no host or no active transaction, InvalidOptionError where the host fails.
 */
export function ambientTransaction(host: AmbientTransactionHost | undefined): unknown {
  if (host === undefined) {
    throw new TransactionRequiredError(
      "This verb belongs into the application's transaction. Call it on files.in(tx), or set the option transaction so that the registry finds the ambient one. Nothing was changed.",
    );
  }
  if (!isActive(host)) {
    throw new TransactionRequiredError(
      "This verb belongs into the application's transaction, and the host given as the option transaction has none active here. Call it inside one, such as a method with @Transactional(), or on files.in(tx). Nothing was changed.",
    );
  }
  return asked('tx', () => host.tx);
}

/**
 * Refuses what must not run while the application's transaction is open.
 *
 * @throws TransactionActiveError, InvalidOptionError where the host fails.
 */
export function refuseInsideTransaction(verb: string, host: AmbientTransactionHost | undefined): void {
  if (host !== undefined && isActive(host)) {
    throw new TransactionActiveError(
      `${verb}() was called inside the application's transaction. It works on connections of its own: the transaction would keep its locks while bytes flow, and where every connection of the pool is in such a transaction, all wait for ever. Call ${verb}() first and attach inside the transaction. Nothing was stored.`,
      { context: { verb } },
    );
  }
}

/** What the host calls active is none that statements can run in; says so in terms of the option. */
export function unusableTransaction(cause: TransactionRequiredError): TransactionRequiredError {
  return new TransactionRequiredError(
    `The host given as the option transaction says that a transaction is active, but its tx cannot be used as one. Where it belongs to another library, wrap the host with the library's adapter, such as ambient(host, typeorm). ${cause.message}`,
    { cause, context: cause.context },
  );
}

function isActive(host: AmbientTransactionHost): boolean {
  const active: unknown = asked('isTransactionActive()', () => host.isTransactionActive());
  // A promise would count as true.
  if (typeof active !== 'boolean') {
    throw new InvalidOptionError(
      `transaction: isTransactionActive() must answer true or false, received ${inspect(active, { depth: 0 })}.`,
      { context: { option: 'transaction', value: active } },
    );
  }
  return active;
}

function asked<Answer>(what: string, ask: () => Answer): Answer {
  try {
    return ask();
  } catch (cause) {
    if (cause instanceof FileRegistryError) {
      throw cause;
    }
    throw new InvalidOptionError(
      `transaction: ${what} of the host threw ${inspect(cause, { depth: 0 }).split('\n', 1)[0]}. Nothing was changed.`,
      { cause, context: { option: 'transaction' } },
    );
  }
}

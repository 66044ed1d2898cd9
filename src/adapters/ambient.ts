import { inspect } from 'node:util';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { type AmbientTransactionHost, checkTransactionHost } from '../registry/ambient-transaction-host.js';
import type { AdaptedTransaction } from './adapted-transaction.js';

/**
 * A host for the option `transaction` out of one whose transactions belong to another library:
 *
 * ```ts
 * FileRegistryModule.forRootAsync({
 *   inject: [DataSource, TransactionHost],
 *   useFactory: (dataSource, host) => ({ transaction: ambient(host, typeorm), … }),
 * })
 * ```
 *
 * Nothing of the host is read before a verb is called.
 *
 * @throws InvalidOptionError for what is no host or no adapter.
 */
export function ambient<Tx>(
  host: AmbientTransactionHost<Tx>,
  adapter: (transaction: Tx) => AdaptedTransaction,
): AmbientTransactionHost<AdaptedTransaction> {
  checkTransactionHost(host);
  if (typeof adapter !== 'function') {
    throw new InvalidOptionError(
      `transaction: ambient() takes a host and an adapter, such as ambient(host, typeorm), received ${inspect(adapter, { depth: 0 })} as the adapter.`,
      { context: { option: 'transaction', value: adapter } },
    );
  }
  return {
    get tx() {
      return adapter(host.tx);
    },
    isTransactionActive: () => host.isTransactionActive(),
  };
}

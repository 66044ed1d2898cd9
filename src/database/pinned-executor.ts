import type { Executor } from './executor.js';
import type { TransactionRequiredError } from '../errors/transaction-required-error.js';

/**
 * What tells one transaction from every other: the server process and the moment the transaction began, which savepoints leave
 * alone. Outside a transaction each statement has a moment of its own.
 */
const identity = `concat_ws(' ', pg_backend_pid(), extract(epoch from now()))`;

const refused = 'another transaction';

const identities = new WeakMap<object, Promise<unknown>>();

/**
 * For handles that cannot tell whether their transaction is still open, and whose connection may be back in the pool or inside
 * somebody else's transaction. The first use of a handle asks which transaction it is in, one round trip; every statement then
 * runs on the condition that it is still in that one. A handle that is first used after its end, while its connection is inside
 * another transaction, cannot be told from that one's own.
 */
export function pinnedExecutor(
  handle: object,
  executor: Executor,
  refuse: () => TransactionRequiredError,
): Executor {
  return {
    async query(text, parameters) {
      const known =
        identities.get(handle) ?? executor.query(`select ${identity} as result`, []).then(resultOf);
      identities.set(handle, known);
      // A failed transaction may go back to a savepoint; then it can be asked again.
      const own = await known.catch((error: unknown) => {
        identities.delete(handle);
        throw error;
      });

      const guarded = `select case when ${identity} = $${parameters.length + 1}::text then (${text}) else '${refused}' end as result`;
      const rows = await executor.query(guarded, [...parameters, String(own)]);
      if (resultOf(rows) === refused) {
        throw refuse();
      }
      return rows;
    },
  };
}

function resultOf(rows: readonly Readonly<Record<string, unknown>>[]): unknown {
  return rows[0]?.['result'];
}

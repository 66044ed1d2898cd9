import { AdaptedTransaction } from './adapted-transaction.js';
import { ended, onClient } from './on-client.js';
import { describe, transactionRequired } from './transaction-required.js';

/** The part of Sequelize's `Transaction` that its types show. */
export interface SequelizeTransaction {
  commit(): Promise<void>;
  rollback(): Promise<void>;
  afterCommit(callback: (...args: any[]) => void): void;
}

/** What else it has; a savepoint has its parent's. */
interface TransactionState {
  readonly id?: string;
  readonly connection?: { readonly uuid?: string };
}

const hint = 'Pass the transaction that sequelize.transaction() hands to its callback or resolves with.';

/**
 * Sequelize's transaction, on its `postgres` dialect:
 *
 * ```ts
 * await sequelize.transaction(async (transaction) => {
 *   const article = await Article.create({ title }, { transaction });
 *   await files.in(adapters.sequelize(transaction)).attach(photo, { type: 'article', id: article.id, slot: 'cover' });
 * });
 * ```
 *
 * The statements do not pass Sequelize's hooks, retries and logger.
 *
 * @throws TransactionRequiredError for Sequelize itself and for a promise of a transaction; the verbs throw it once the
 *   transaction has ended.
 */
export function sequelize(transaction: SequelizeTransaction): AdaptedTransaction {
  if (
    typeof transaction !== 'object' ||
    transaction === null ||
    typeof transaction.commit !== 'function' ||
    !('connection' in transaction)
  ) {
    throw transactionRequired(describe(transaction), hint);
  }
  const state = transaction as TransactionState;
  return new AdaptedTransaction({
    async query(text, parameters) {
      // The connection carries the id of the transaction that has it, and gives it up with its end.
      if (state.connection?.uuid !== state.id) {
        throw ended('Sequelize', hint);
      }
      return onClient(state.connection, 'Sequelize', hint).query(text, parameters);
    },
  });
}

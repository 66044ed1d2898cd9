import { isKysely } from '../database/is-kysely.js';
import { kyselyExecutor } from '../database/kysely-executor.js';
import { AdaptedTransaction } from './adapted-transaction.js';
import { ended } from './on-client.js';
import { pinnedExecutor } from '../database/pinned-executor.js';
import { describe, transactionRequired } from './transaction-required.js';

/** The part of MikroORM's `EntityManager` that is used. */
export interface MikroOrmManager {
  isInTransaction(): boolean;
  getTransactionContext(): unknown;
}

const hint =
  'Pass the manager that em.transactional() hands to its callback, or one after begin(), of MikroORM 7 or later.';

/**
 * The transaction of a MikroORM entity manager:
 *
 * ```ts
 * await em.transactional(async (em) => {
 *   const article = em.create(Article, { title });
 *   await em.flush();
 *   await files.in(mikroOrm(em)).attach(photo, { type: 'article', id: article.id, slot: 'cover' });
 * });
 * ```
 *
 * Inside `em.transactional()` and `@Transactional()` the manager outside does, too: MikroORM finds the context. A COMMIT that
 * fails leaves MikroORM believing in its transaction, so that the first verb of each one asks the database which one it is in.
 *
 * @throws TransactionRequiredError for a manager without a transaction; the verbs throw it once the transaction has ended.
 */
export function mikroOrm(em: MikroOrmManager): AdaptedTransaction {
  if (typeof em?.isInTransaction !== 'function' || typeof em.getTransactionContext !== 'function') {
    throw transactionRequired(describe(em), hint);
  }
  if (!em.isInTransaction()) {
    throw transactionRequired('a MikroORM entity manager without a transaction', hint);
  }
  return new AdaptedTransaction({
    async query(text, parameters) {
      const transaction = em.getTransactionContext();
      if (!isKysely(transaction) || !transaction.isTransaction) {
        throw ended('MikroORM', hint);
      }
      const executor = pinnedExecutor(transaction, kyselyExecutor(transaction), () =>
        ended('MikroORM', hint),
      );
      return executor.query(text, parameters);
    },
  });
}

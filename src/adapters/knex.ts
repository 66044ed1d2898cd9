import { AdaptedTransaction } from './adapted-transaction.js';
import { ended, onClient } from './on-client.js';
import { describe, transactionRequired } from './transaction-required.js';

/** The part of Knex' `Transaction` that is used. */
export interface KnexTransaction {
  readonly isTransaction?: boolean;
  readonly client: any;
  isCompleted(): boolean;
}

const hint = 'Pass the transaction that knex.transaction() hands to its callback or resolves with.';

/**
 * Knex' transaction, on its `pg` client:
 *
 * ```ts
 * await knex.transaction(async (trx) => {
 *   const [article] = await trx('article').insert({ title }).returning('id');
 *   await files.in(adapters.knex(trx)).attach(photo, { type: 'article', id: article.id, slot: 'cover' });
 * });
 * ```
 *
 * Neither `wrapIdentifier` nor `postProcessResponse` sees the statements, nor do Knex' events.
 *
 * @throws TransactionRequiredError for Knex itself and for a promise of a transaction; the verbs throw it once the transaction
 *   has ended.
 */
export function knex(transaction: KnexTransaction): AdaptedTransaction {
  if (!isTransaction(transaction)) {
    const received = typeof transaction === 'function' ? 'Knex without a transaction' : describe(transaction);
    throw transactionRequired(received, hint);
  }
  return new AdaptedTransaction({
    async query(text, parameters) {
      requireOpen(transaction);
      // A transaction's client has one connection and answers with that.
      const client: unknown = await transaction.client.acquireConnection();
      requireOpen(transaction);
      return onClient(client, 'Knex', hint).query(text, parameters);
    },
  });
}

function isTransaction(value: unknown): value is KnexTransaction {
  const candidate = Object(value) as Partial<KnexTransaction>;
  return candidate.isTransaction === true && typeof candidate.isCompleted === 'function';
}

function requireOpen(transaction: KnexTransaction): void {
  if (transaction.isCompleted()) {
    throw ended('Knex', hint);
  }
}

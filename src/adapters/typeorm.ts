import { AdaptedTransaction } from './adapted-transaction.js';
import { ended, onClient } from './on-client.js';
import { describe, transactionRequired } from './transaction-required.js';

/** The part of TypeORM's `QueryRunner` that is used. */
export interface TypeOrmQueryRunner {
  readonly isReleased: boolean;
  readonly isTransactionActive: boolean;
  connect(): Promise<unknown>;
}

/** The part of TypeORM's `EntityManager` that is used. */
export interface TypeOrmManager {
  readonly queryRunner?: TypeOrmQueryRunner | undefined;
  release(): Promise<void>;
}

const hint =
  'Pass the manager that dataSource.transaction() hands to its callback, or a query runner after startTransaction().';

/**
 * TypeORM's transaction, on its `postgres` driver:
 *
 * ```ts
 * await dataSource.transaction(async (manager) => {
 *   const article = await manager.save(Article, { title });
 *   await files.in(typeorm(manager)).attach(photo, { type: 'article', id: article.id, slot: 'cover' });
 * });
 * ```
 *
 * The manager of a repository does, too: `typeorm(repository.manager)`. The statements do not pass TypeORM's logger.
 *
 * @throws TransactionRequiredError for a data source, its own manager and a query runner without a transaction; the verbs
 *   throw it once the transaction has ended.
 */
export function typeorm(transaction: TypeOrmManager | TypeOrmQueryRunner): AdaptedTransaction {
  const runner = queryRunnerOf(transaction);
  return new AdaptedTransaction({
    async query(text, parameters) {
      requireOpen(runner);
      const client = await runner.connect();
      requireOpen(runner);
      return onClient(client, 'TypeORM', hint).query(text, parameters);
    },
  });
}

function queryRunnerOf(transaction: TypeOrmManager | TypeOrmQueryRunner): TypeOrmQueryRunner {
  const runner = isQueryRunner(transaction) ? transaction : transaction?.queryRunner;
  if (!isQueryRunner(runner)) {
    throw transactionRequired(describe(transaction), hint);
  }
  if (!runner.isTransactionActive && !runner.isReleased) {
    throw transactionRequired('a TypeORM query runner without a transaction', hint);
  }
  return runner;
}

function isQueryRunner(value: unknown): value is TypeOrmQueryRunner {
  return typeof value === 'object' && value !== null && 'isTransactionActive' in value && 'connect' in value;
}

function requireOpen(runner: TypeOrmQueryRunner): void {
  if (runner.isReleased || !runner.isTransactionActive) {
    throw ended('TypeORM', hint);
  }
}

import type { TransactionalAdapter, TransactionalAdapterOptions } from '@nestjs-cls/transactional';
import type { Database, DatabaseTransaction } from './database.js';

export interface KyselyTransactionOptions {
  isolationLevel?: 'read committed' | 'repeatable read' | 'serializable';
}

/** Kysely's transactions for @nestjs-cls/transactional, nested ones as savepoints. */
export class KyselyTransactionalAdapter implements TransactionalAdapter<
  Database,
  Database,
  KyselyTransactionOptions
> {
  constructor(readonly connectionToken: unknown) {}

  optionsFactory(
    database: Database,
  ): TransactionalAdapterOptions<Database | DatabaseTransaction, KyselyTransactionOptions> {
    let savepoints = 0;
    return {
      async wrapWithTransaction({ isolationLevel = 'read committed' }, work, setTx) {
        const transaction = await database.startTransaction().setIsolationLevel(isolationLevel).execute();
        setTx(transaction);
        const result = await work().catch(async (error: unknown) => {
          await transaction.rollback().execute();
          throw error;
        });
        await transaction.commit().execute();
        return result;
      },

      async wrapWithNestedTransaction(_options, work, setTx, outer) {
        const name = `nested_${(savepoints += 1)}`;
        const inner = await (outer as DatabaseTransaction).savepoint(name).execute();
        setTx(inner);
        const result = await work().catch(async (error: unknown) => {
          await inner.rollbackToSavepoint(name).execute();
          throw error;
        });
        await inner.releaseSavepoint(name).execute();
        return result;
      },

      getFallbackInstance: () => database,
    };
  }
}

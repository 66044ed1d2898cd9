import type { Sequelize, Transaction } from 'sequelize';
import { sequelize } from 'nestjs-file-registry/adapters';
import { transactionContract } from './contract.js';
import { subjects } from './hosts/sequelize.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

/** Compiled, never called. */
export function types(db: Sequelize, transaction: Transaction): void {
  sequelize(transaction);
  // @ts-expect-error Sequelize itself is no transaction
  sequelize(db);
  // @ts-expect-error a promise of a transaction must be awaited
  sequelize(db.transaction());
}

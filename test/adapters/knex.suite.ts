import type { Knex } from 'knex';
import { knex } from 'nestjs-file-registry/adapters';
import { transactionContract } from './contract.js';
import { subjects } from './hosts/knex.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

/** Compiled, never called. */
export function types(db: Knex, trx: Knex.Transaction): void {
  knex(trx);
  // @ts-expect-error Knex itself is no transaction
  knex(db);
  // @ts-expect-error a promise of a transaction must be awaited
  knex(db.transaction());
}

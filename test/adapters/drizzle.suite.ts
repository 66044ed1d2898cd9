import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { drizzle } from 'nestjs-file-registry/adapters';
import { transactionContract } from './contract.js';
import { subjects } from './hosts/drizzle.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

/** Compiled, never called. */
export async function types(one: NodePgDatabase, other: PostgresJsDatabase): Promise<void> {
  await one.transaction(async (tx) => void drizzle(tx));
  await other.transaction(async (tx) => tx.transaction(async (nested) => void drizzle(nested)));
  // @ts-expect-error the database is no transaction
  drizzle(one);
  // @ts-expect-error the database is no transaction
  drizzle(other);
}

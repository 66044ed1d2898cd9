import { postgresJs } from 'nestjs-file-registry/adapters';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { expect, test } from 'vitest';
import { errorOf } from '../registry/error-of.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { transactionContract } from './contract.js';
import { subjects } from './hosts/postgres-js.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

const registry = await createTestRegistry();

test('a reserved connection is refused', async () => {
  const sql = postgres(registry.database.connectionString, { max: 1 });
  const reserved = await sql.reserve();
  const file = await registry.store();
  const attempt = async () =>
    registry.files.in(postgresJs(reserved as never)).attach(file, { type: 'article', id: 1, slot: 'cover' });
  expect(await errorOf(attempt())).toMatchObject({ code: 'TRANSACTION_REQUIRED' });
  expect(await registry.files.count(file)).toBe(0);
  reserved.release();
  await sql.end();
});

/** Compiled, never called. */
export function types(sql: Sql, tx: TransactionSql): void {
  postgresJs(tx);
  // @ts-expect-error sql itself is no transaction
  postgresJs(sql);
}

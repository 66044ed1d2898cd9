import { typeorm } from 'nestjs-file-registry/adapters';
import type { Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { expect, test } from 'vitest';
import { errorOf } from '../registry/error-of.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { transactionContract } from './contract.js';
import { open, subjects } from './hosts/typeorm.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

const registry = await createTestRegistry();
const owner = { type: 'article', id: 1, slot: 'cover' };

test('a query runner will do, and one whose BEGIN was not awaited is refused', async () => {
  const dataSource = await open(registry.database.connectionString, 2);
  const file = await registry.store();
  const runner = dataSource.createQueryRunner();
  const starting = runner.startTransaction();
  expect(await errorOf(registry.files.in(typeorm(runner)).attach(file, owner))).toMatchObject({
    code: 'TRANSACTION_REQUIRED',
  });
  await starting;
  await registry.files.in(typeorm(runner)).attach(file, owner);
  await runner.rollbackTransaction();
  expect(await registry.files.count(file)).toBe(0);
  await runner.release();
  await dataSource.destroy();
});

/** Compiled, never called. */
export function types(dataSource: DataSource, manager: EntityManager, pool: Pool): void {
  typeorm(manager);
  typeorm(dataSource.createQueryRunner());
  // @ts-expect-error a data source is no transaction
  typeorm(dataSource);
  // @ts-expect-error nor is a pool
  typeorm(pool);
}

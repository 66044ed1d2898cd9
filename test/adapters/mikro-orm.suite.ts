import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { mikroOrm } from 'nestjs-file-registry/adapters';
import { expect, test } from 'vitest';
import { errorOf } from '../registry/error-of.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { transactionContract } from './contract.js';
import { open, subjects } from './hosts/mikro-orm.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

const registry = await createTestRegistry();
const owner = { type: 'article', id: 1, slot: 'cover' };

test('the manager outside finds the transaction it is used in; one that disables transactions is refused', async () => {
  const orm = await open(registry.database.connectionString, 2);
  const { files } = registry;
  const file = await registry.store();
  const outside = orm.em.fork();
  await outside
    .transactional(async () => {
      await files.in(mikroOrm(outside)).attach(file, owner);
      throw new Error('roll back');
    })
    .catch(() => undefined);
  expect(await files.count(file)).toBe(0);

  const without = orm.em.fork({ disableTransactions: true });
  const error = await errorOf(
    without.transactional((em) => files.in(mikroOrm(em as EntityManager)).attach(file, owner)),
  );
  expect(error).toMatchObject({ code: 'TRANSACTION_REQUIRED' });
  expect(await files.count(file)).toBe(0);
  await orm.close();
});

/** Compiled, never called. */
export function types(orm: MikroORM): void {
  mikroOrm(orm.em);
  // @ts-expect-error the ORM is no manager
  mikroOrm(orm);
}

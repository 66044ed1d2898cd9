import { prisma } from 'nestjs-file-registry/adapters';
import { expect, test } from 'vitest';
import { errorOf } from '../registry/error-of.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { transactionContract } from './contract.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { open, subjects } from './hosts/prisma.js';

for (const subject of subjects) {
  await transactionContract(subject);
}

const registry = await createTestRegistry();

test('a transaction that met its timeout is refused', async () => {
  const client = open(registry.database.connectionString, 1);
  const file = await registry.store();
  const { files, pool } = registry;
  let error: unknown;
  const work = client.$transaction(
    async (tx) => {
      await tx.$queryRawUnsafe('select pg_backend_pid()');
      await untilNobodyIsInTransaction();
      error = await errorOf(files.in(prisma(tx)).attach(file, { type: 'article', id: 1, slot: 'cover' }));
    },
    { timeout: 100 },
  );
  await errorOf(work);

  expect(error).toMatchObject({ code: 'TRANSACTION_REQUIRED', kind: 'usage' });
  expect(await files.count(file)).toBe(0);
  await client.$disconnect();

  async function untilNobodyIsInTransaction(): Promise<void> {
    await expect
      .poll(async () => {
        const busy = await pool.query(
          `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
        );
        return busy.rowCount;
      })
      .toBe(0);
  }
});

/** Compiled, never called. */
export async function types(client: PrismaClient): Promise<void> {
  await client.$transaction(async (tx) => void prisma(tx));
  const extended = client.$extends({ client: { hello: () => 'world' } });
  await extended.$transaction(async (tx) => void prisma(tx));
  // @ts-expect-error the client is no transaction
  prisma(client);
  // @ts-expect-error nor is an extended one
  prisma(extended);
}

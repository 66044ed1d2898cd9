import type { TransactionalAdapter } from '@nestjs-cls/transactional';
import { TransactionalAdapterPrisma } from '@nestjs-cls/transactional-adapter-prisma';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll } from 'vitest';
import { ambient } from '../../../src/adapters/ambient.js';
import { prisma } from '../../../src/adapters/prisma.js';
import { createTestDatabase } from '../../support/create-test-database.js';
import { type Prisma, PrismaClient } from '../generated/prisma/client.js';
import { ambientContract } from './ambient-contract.js';

const database = await createTestDatabase();
const client = new PrismaClient({
  adapter: new PrismaPg({ connectionString: database.connectionString, max: 20 }),
});
afterAll(() => client.$disconnect());

type Tx = Prisma.TransactionClient;

await ambientContract<Tx>({
  database,
  connection: client,
  adapter: (prismaInjectionToken) =>
    // Its declaration was not made for exactOptionalPropertyTypes.
    new TransactionalAdapterPrisma<PrismaClient>({
      prismaInjectionToken,
      sqlFlavor: 'postgresql',
    }) as unknown as TransactionalAdapter<any, Tx, any>,
  transaction: (host) => ambient(host, prisma),
  insert: (tx, slot) => tx.$executeRawUnsafe('insert into article (slot) values ($1)', slot),
});

import { PrismaPg } from '@prisma/adapter-pg';
import { prisma } from 'nestjs-file-registry/adapters';
import { type Prisma, PrismaClient } from '../generated/prisma/client.js';
import type { Host, Subject } from '../support/host.js';

type Tx = Prisma.TransactionClient;

const hint = /prisma\.\$transaction\(/;

export function open(connectionString: string, max: number): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString, max }) });
}

/** An extension that sees every statement and every model. */
function extend(client: PrismaClient): PrismaClient {
  return client.$extends({
    query: { $allOperations: ({ args, query }) => query(args) },
    result: { article: { shouted: { needs: { title: true }, compute: ({ title }) => title.toUpperCase() } } },
  }) as unknown as PrismaClient;
}

export const subjects: Subject<Tx>[] = [
  { name: 'Prisma', open: async (url, max) => host(open(url, max)) },
  { name: 'Prisma with extensions', open: async (url, max) => host(extend(open(url, max))) },
];

function host(client: PrismaClient): Host<Tx> {
  const transaction: Host<Tx>['transaction'] = (work) => client.$transaction(work, { timeout: 30_000 });
  return {
    transaction,
    nested: (tx, work) => (tx as PrismaClient).$transaction(work),
    run: (tx, statement) => tx.$executeRawUnsafe(statement),
    adapt: (tx) => prisma(tx),
    refused: [
      ['the client', () => prisma(client as never), hint],
      ['an extended client', () => prisma(extend(client) as never), hint],
      ['null', () => prisma(null as never), hint],
      ['an object', () => prisma({} as never), hint],
      ['the client without its adapter', () => client, /in its adapter/],
    ],
    close: () => client.$disconnect(),
  };
}

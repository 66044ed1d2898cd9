import { AdaptedTransaction } from './adapted-transaction.js';
import { ended } from './on-client.js';
import { describe, transactionRequired } from './transaction-required.js';
import type { SqlRow } from '../database/executor.js';

/** The part of Prisma's `TransactionClient` that is used. It differs from the client in what it lacks. */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: any[]): PromiseLike<unknown>;
  readonly $connect?: undefined;
}

const hint = 'Pass the client that prisma.$transaction(async (tx) => …) hands to its callback.';

/** Prisma's codes for a transaction that is over, by its end or by its timeout. */
const endedCodes: readonly unknown[] = ['P2028', 'P1018'];

/**
 * Prisma's interactive transaction:
 *
 * ```ts
 * await client.$transaction(async (tx) => {
 *   const article = await tx.article.create({ data: { title } });
 *   await files.in(prisma(tx)).attach(photo, { type: 'article', id: article.id, slot: 'cover' });
 * });
 * ```
 *
 * @throws TransactionRequiredError for the client itself; the verbs throw it once the transaction has ended or met Prisma's
 *   timeout.
 */
export function prisma(transaction: PrismaTransaction): AdaptedTransaction {
  if (typeof transaction?.$queryRawUnsafe !== 'function' || transaction.$connect !== undefined) {
    const isClient = typeof transaction?.$queryRawUnsafe === 'function';
    throw transactionRequired(isClient ? 'a Prisma client' : describe(transaction), hint);
  }
  return new AdaptedTransaction({
    async query(text, parameters) {
      try {
        return (await transaction.$queryRawUnsafe(text, ...parameters)) as SqlRow[];
      } catch (error) {
        throw endedCodes.includes((error as { code?: unknown } | null)?.code)
          ? ended('Prisma', hint, error)
          : error;
      }
    },
  });
}

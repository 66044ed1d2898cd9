import type { AmbientTransactionHost } from 'nestjs-file-registry';
import type { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { AdaptedTransaction } from '../../src/adapters/adapted-transaction.js';
import { ambient } from '../../src/adapters/ambient.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { TransactionScope } from './transaction-scope.js';

/** A library whose transaction hides the client. */
interface Session {
  readonly hidden: Client;
}

const adapt = ({ hidden }: Session) =>
  new AdaptedTransaction({
    query: async (text, parameters) => (await hidden.query(text, [...parameters])).rows,
  });

const scope = new TransactionScope<Session>();
let adapter: (session: Session) => unknown = adapt;
const host = ambient(
  scope as AmbientTransactionHost as AmbientTransactionHost<Session>,
  (session) => adapter(session) as AdaptedTransaction,
);
const registry = await createTestRegistry({ transaction: host });
const { files, database } = registry;
const file = await registry.store();
const owner = { type: 'article', id: 1, slot: 'cover' };

test('commits and rolls back with the transaction that the adapter finds in what the host has', async () => {
  adapter = adapt;
  const client = await database.begun();
  await scope.run({ hidden: client }, () => files.attach(file, owner));
  await client.query('rollback');
  expect(await files.count(file)).toBe(0);

  await client.query('begin');
  await scope.run({ hidden: client }, () => files.attach(file, owner));
  await client.query('commit');
  expect(await files.count(file)).toBe(1);
});

test('outside of transactions the adapter is not even asked', async () => {
  adapter = () => {
    throw new Error('asked');
  };
  expect(await errorOf(files.attach(file, owner))).toMatchObject({
    code: 'TRANSACTION_REQUIRED',
    message: expect.stringContaining('none active here'),
  });
  expect(await registry.store()).toMatchObject({ size: 5 });
});

describe('an adapter that finds no transaction', () => {
  const attach = async () =>
    scope.run({ hidden: await database.client() }, () => errorOf(files.attach(file, owner)));

  test('and throws is told as the option that it is', async () => {
    adapter = () => {
      throw new TypeError('no connection');
    };
    expect(await attach()).toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'transaction' },
      message: expect.stringContaining('TypeError: no connection'),
    });
  });

  test.for([undefined, null, {}, Promise.resolve()])('and answers %o is refused', async (answer) => {
    adapter = () => answer;
    expect(await attach()).toMatchObject({ code: 'TRANSACTION_REQUIRED' });
  });
});

test.for<[string, unknown, unknown, RegExp]>([
  ['half a host', { tx: 1 }, adapt, /tx and isTransactionActive\(\).*received { tx: 1 }/],
  ['no host', undefined, adapt, /received undefined/],
  ['the adapter first', adapt, scope, /received \[Function: adapt\]/],
  ['no adapter', scope, undefined, /ambient\(host, typeorm\), received undefined/],
  [
    'what an adapter makes',
    scope,
    new AdaptedTransaction({ query: async () => [] }),
    /received AdaptedTransaction/,
  ],
])('ambient() with %s is refused at once', ([, givenHost, givenAdapter, message]) => {
  const call = () => ambient(givenHost as never, givenAdapter as never);

  expect(call).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option: 'transaction' }),
    }),
  );
  expect(call).toThrow(message);
});

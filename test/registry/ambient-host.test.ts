import type { AmbientTransactionHost, FileRegistry } from 'nestjs-file-registry';
import { describe, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

/** A host that does what the test says. */
class ScriptedHost implements AmbientTransactionHost {
  active: () => unknown = () => true;
  transaction: () => unknown = () => undefined;

  get tx(): unknown {
    return this.transaction();
  }

  isTransactionActive(): boolean {
    return this.active() as boolean;
  }
}

const host = new ScriptedHost();
const registry = await createTestRegistry({ transaction: host });
const without = await createTestRegistry();
host.active = () => false;
const file = await registry.store();
const owner = { type: 'article', id: 1, slot: 'cover' };
const attach = (files: FileRegistry) => files.attach(file, owner);

test('without the option a verb says what to do', async () => {
  const error = await errorOf(attach(without.files));

  expect(error).toMatchObject({ code: 'TRANSACTION_REQUIRED', kind: 'usage' });
  expect(error.message).toContain('files.in(tx)');
  expect(error.message).toContain('option transaction');
});

test('without the option store knows of no transaction', async () => {
  expect(await without.db.transaction().execute(() => without.store())).toMatchObject({ size: 5 });
});

test('without an active transaction its tx is not even looked at', async () => {
  host.active = () => false;
  host.transaction = () => {
    throw new Error('looked at');
  };
  expect(await errorOf(attach(registry.files))).toMatchObject({ code: 'TRANSACTION_REQUIRED' });
});

describe('a host that fails is told as the option that it is, and nothing is attached', () => {
  test.for<[string, () => unknown, () => unknown, RegExp]>([
    [
      'isTransactionActive() throws',
      () => {
        throw new Error('no context');
      },
      () => undefined,
      /isTransactionActive\(\) of the host threw Error: no context/,
    ],
    [
      'tx throws',
      () => true,
      () => {
        throw new TypeError('no connection');
      },
      /tx of the host threw TypeError: no connection/,
    ],
    [
      'it throws no error',
      () => {
        throw 'nothing';
      },
      () => undefined,
      /threw 'nothing'/,
    ],
    ['it answers a promise', async () => false, () => registry.db, /true or false, received Promise/],
    ['it answers nothing', () => undefined, () => registry.db, /true or false, received undefined/],
    ['it answers what is only truthy', () => 1, () => registry.db, /true or false, received 1/],
  ])('%s', async ([, active, transaction, message]) => {
    host.active = active;
    host.transaction = transaction;
    const error = await errorOf(attach(registry.files));

    expect(error).toMatchObject({
      code: 'INVALID_OPTION',
      kind: 'usage',
      context: { option: 'transaction' },
    });
    expect(error.message).toMatch(message);
    expect(await registry.files.count(file)).toBe(0);
  });

  test('store does not guess either', async () => {
    host.active = () => {
      throw new Error('no context');
    };
    expect(await errorOf(registry.store())).toMatchObject({ code: 'INVALID_OPTION' });
  });
});

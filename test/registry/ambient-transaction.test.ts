import { Readable } from 'node:stream';
import { Test } from '@nestjs/testing';
import type { Transaction } from 'kysely';
import { FileRegistry, FileRegistryModule, localStorage } from 'nestjs-file-registry';
import type { Client } from 'pg';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { TemporaryFolder } from '../support/temporary-folder.js';
import { errorOf } from './error-of.js';
import { TransactionScope } from './transaction-scope.js';

const scope = new TransactionScope<Transaction<any> | Client>(); // whatever tables the application has
const registry = await createTestRegistry({ transaction: scope });
const { files, db, database } = registry;
scope.fallback = db;
const file = await registry.store();
const other = await registry.store();
const owner = { type: 'article', id: 1, slot: 'cover' };

/** A service's method, with a transaction round it. */
const transactional = <Result>(work: () => Promise<Result>) =>
  db.transaction().execute((trx) => scope.run(trx, work));

const rollBack = new Error('rolled back');

afterEach(async () => {
  await transactional(async () => {
    await files.release([file, other]);
    await files.unprotect([file, other]);
    await files.detachAll({ type: 'article', id: 1 });
  });
  await registry.assertLaws();
});

const verbs: [string, (files: FileRegistry) => Promise<unknown>][] = [
  ['attach', (on) => on.attach(file, owner)],
  ['attachMany', (on) => on.attachMany([{ file, owner }])],
  ['detach', (on) => on.detach(file, owner)],
  ['detachAll', (on) => on.detachAll(owner)],
  ['replace', (on) => on.replace(owner, file)],
  ['restore', (on) => on.restore(file)],
  ['protect', (on) => on.protect(file)],
  ['unprotect', (on) => on.unprotect(file)],
  ['hold', (on) => on.hold(file, 'case 7')],
  ['release', (on) => on.release(file, 'case 7')],
  ['erase', (on) => on.erase(file)],
  ['redact', (on) => on.redact(file)],
];

test('every verb answers as it does on in(tx)', async () => {
  const third = await registry.store();
  await transactional(async () => {
    expect(await files.attach([file, other], owner)).toEqual({ attached: 2 });
    expect(await files.attachMany([{ file, owner: { ...owner, slot: 'gallery' } }])).toEqual({ attached: 1 });
    expect(await files.detach(file, owner)).toEqual({ detached: 1 });
    expect(await files.restore({ type: 'article', id: 1 })).toEqual({ restored: 1 });
    expect(await files.replace(owner, [file])).toEqual({ attached: 0, detached: 1 });
    expect(await files.detachAll({ type: 'article', id: 1 })).toEqual({ detached: 2 });
    expect(await files.protect(file)).toEqual({ attached: 1 });
    expect(await files.unprotect(file)).toEqual({ detached: 1 });
    expect(await files.hold(file, 'case 7')).toEqual({ attached: 1 });
    expect(await errorOf(files.erase(file))).toMatchObject({ code: 'FILE_HELD' });
    expect(await files.release(file, 'case 7')).toEqual({ detached: 1 });
    expect(await files.erase(third)).toMatchObject({ erased: [{ id: third.id }] });
    expect(await files.redact(third)).toEqual({ redacted: 1 });
  });
  expect(await files.find(third)).toBeNull();
});

test('what a Kysely transaction commits is attached, what it rolls back is not', async () => {
  await expect(
    transactional(async () => {
      await files.attach(file, owner);
      throw rollBack;
    }),
  ).rejects.toThrow(rollBack);
  expect(await files.count(file)).toBe(0);

  await transactional(async () => {
    await files.attach(file, owner);
    expect(await files.count(file)).toBe(0);
  });
  expect(await files.count(file)).toBe(1);
});

test('what a pg client commits is attached, what it rolls back is not', async () => {
  const client = await database.client();
  for (const [end, count] of [
    ['rollback', 0],
    ['commit', 1],
  ] as const) {
    await client.query('begin');
    await scope.run(client, () => files.attach(file, owner));
    await client.query(end);
    expect(await files.count(file)).toBe(count);
  }
});

describe.for(verbs)('%s', ([, verb]) => {
  const refusal = { code: 'TRANSACTION_REQUIRED', kind: 'usage' };

  test('outside of a transaction is refused, although the host has a fallback', async () => {
    const error = await errorOf(verb(files));

    expect(error).toMatchObject(refusal);
    expect(error.message).toContain('@Transactional()');
    expect(error.message).toContain('files.in(tx)');
  });

  test('where the transaction was left is refused', async () => {
    await transactional(() =>
      scope.exit(async () => {
        expect(await errorOf(verb(files))).toMatchObject(refusal);
      }),
    );
  });

  test('after the transaction ended is refused', async () => {
    let late: (() => Promise<unknown>) | undefined;
    await transactional(async () => {
      late = () => verb(files);
    });
    expect(await errorOf(late!())).toMatchObject(refusal);

    const ended = await db.startTransaction().execute();
    await ended.commit().execute();
    expect(await errorOf(scope.run(ended, () => verb(files)))).toMatchObject(refusal);
  });

  test.for<[string, () => unknown, RegExp]>([
    ['a pool', () => registry.pool, /a pool/],
    ['a plain Kysely', () => db, /a Kysely instance/],
    ['of another library', () => ({ query: () => undefined }), /ambient\(host, typeorm\)/],
    ['a text', () => 'tx', /a string/],
    ['null', () => null, /received null/],
  ])('with a host whose tx is %s is refused', async ([, tx, message]) => {
    const error = await errorOf(scope.run(tx() as never, () => verb(files)));

    expect(error).toMatchObject({ ...refusal, cause: refusal });
    expect(error.message).toContain('option transaction');
    expect(error.message).toMatch(message);
  });

  test('on a pg client without BEGIN is refused', async () => {
    const client = await database.client();

    expect(await errorOf(scope.run(client, () => verb(files)))).toMatchObject(refusal);
  });
});

test('what was refused attached nothing', async () => {
  expect(await files.count([file, other])).toEqual([0, 0]);
  expect(await files.find(file)).not.toBeNull();
});

test('a missing file leaves the ambient transaction usable', async () => {
  await transactional(async () => {
    const missing = '01987654-3210-7000-8000-000000000000';
    expect(await errorOf(files.attach([file, missing], owner))).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await files.attach(file, owner)).toEqual({ attached: 1 });
  });
  expect(await files.count(file)).toBe(1);
});

test('requests at the same time do not mix: each commits or rolls back what is its own', async () => {
  const requests = Array.from({ length: 40 }, (_, number) => ({ number, fails: number % 3 === 0 }));
  const results = await Promise.allSettled(
    requests.map(({ number, fails }) =>
      transactional(async () => {
        await files.attach(file, { type: 'request', id: number, slot: 'first' });
        await Promise.all([
          files.attach(other, { type: 'request', id: number, slot: 'second' }),
          files.attach(other, { type: 'request', id: number, slot: 'third' }),
        ]);
        if (fails) throw rollBack;
      }),
    ),
  );
  expect(results.map((result) => (result.status === 'rejected' ? result.reason : undefined))).toEqual(
    requests.map(({ fails }) => (fails ? rollBack : undefined)),
  );

  const lists = await files.filesOf(requests.map(({ number }) => ({ type: 'request', id: number })));
  expect(lists.map((list) => list.map(({ slot }) => slot).toSorted())).toEqual(
    requests.map(({ fails }) => (fails ? [] : ['first', 'second', 'third'])),
  );
  await transactional(async () => {
    for (const { number } of requests) await files.detachAll({ type: 'request', id: number });
  });
});

test('a verb belongs to the transaction it was called in, however the calls lie over each other', async () => {
  const inner = await db.startTransaction().execute();
  await transactional(async () => {
    const outer = files.attach(file, owner);
    const within = scope.run(inner, () => files.attach(other, owner));
    await Promise.all([outer, within]);
  });
  await inner.rollback().execute();

  expect(await files.count([file, other])).toEqual([1, 0]);
});

test('in(tx) names the transaction itself, whatever is ambient', async () => {
  const named = await db.startTransaction().execute();
  await transactional(() => files.in(named).attach(file, owner));
  await named.rollback().execute();

  expect(await files.count(file)).toBe(0);
});

describe('store and adopt', () => {
  test('are refused inside a transaction, which stays usable, and the content is let go', async () => {
    const before = await registry.media.files();
    const content = Readable.from(['bytes']);
    await transactional(async () => {
      expect(await errorOf(files.store(content))).toMatchObject({
        code: 'TRANSACTION_ACTIVE',
        kind: 'usage',
        context: { verb: 'store' },
      });
      expect(await errorOf(files.adopt('old/photo.jpg'))).toMatchObject({
        code: 'TRANSACTION_ACTIVE',
        context: { verb: 'adopt' },
      });
      await files.attach(file, owner);
    });

    expect(content.destroyed).toBe(true);
    expect(await registry.media.files()).toEqual(before);
    expect(await files.count(file)).toBe(1);
  });

  test('are refused, and do not wait for ever, where the transaction has the only connection of the pool', async () => {
    const only = database.kysely({ max: 1 });
    await using folder = await TemporaryFolder.create('narrow');
    const module = await Test.createTestingModule({
      imports: [
        FileRegistryModule.forRoot({
          database: only,
          storages: { media: localStorage({ root: folder.path }) },
          transaction: scope,
          processor: { enabled: false },
        }),
      ],
    }).compile();
    await module.init();
    onTestFinished(() => module.close());

    const narrow = module.get(FileRegistry);
    const call = only
      .transaction()
      .execute((trx) => scope.run(trx, () => narrow.store(Buffer.from('bytes'))));
    expect(await errorOf(call)).toMatchObject({ code: 'TRANSACTION_ACTIVE' });
  });

  test('work where the transaction was left on purpose', async () => {
    const stored = await transactional(() => scope.exit(() => registry.store()));

    expect(await files.find(stored)).not.toBeNull();
  });
});

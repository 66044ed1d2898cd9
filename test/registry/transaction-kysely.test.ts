import { CamelCasePlugin, type Kysely, sql, WithSchemaPlugin } from 'kysely';
import type { ApplicationTransaction, FileTransaction } from 'nestjs-file-registry';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;
const file = await registry.store();
const owner = { type: 'article', id: 1, slot: 'cover' };

afterEach(async () => {
  await db.transaction().execute((trx) => files.in(trx).detachAll(owner));
  await registry.assertLaws();
});

const verbs: [string, (tx: FileTransaction) => Promise<unknown>][] = [
  ['attach', (tx) => tx.attach(file, owner)],
  ['attachMany', (tx) => tx.attachMany([{ file, owner }])],
  ['detach', (tx) => tx.detach(file, owner)],
  ['detachAll', (tx) => tx.detachAll(owner)],
  ['replace', (tx) => tx.replace(owner, file)],
];

test('a transaction that Kysely runs: what it did is there after it', async () => {
  await db.transaction().execute((trx) => files.in(trx).attach(file, owner));

  expect(await files.count(file)).toBe(1);
});

test('a transaction that is committed by hand', async () => {
  const trx = await db.startTransaction().execute();
  await files.in(trx).attach(file, owner);
  expect(await files.count(file)).toBe(0);
  await trx.commit().execute();

  expect(await files.count(file)).toBe(1);
});

test('a transaction that is rolled back by hand', async () => {
  const trx = await db.startTransaction().execute();
  await files.in(trx).attach(file, owner);
  await trx.rollback().execute();

  expect(await files.count(file)).toBe(0);
});

test.for(verbs)('%s in a transaction that has ended is refused and changes nothing', async ([, verb]) => {
  const ended: [string, ApplicationTransaction][] = [];
  await db.transaction().execute(async (trx) => void ended.push(['run', trx]));
  await db
    .transaction()
    .execute(async (trx) => {
      ended.push(['run and rolled back', trx]);
      throw new Error('roll back');
    })
    .catch(() => undefined);
  const committed = await db.startTransaction().execute();
  await committed.commit().execute();
  ended.push(['committed', committed]);
  const rolledBack = await db.startTransaction().execute();
  await rolledBack.rollback().execute();
  ended.push(['rolled back', rolledBack]);

  for (const [how, trx] of ended) {
    expect(await errorOf(verb(files.in(trx))), how).toMatchObject({
      code: 'TRANSACTION_REQUIRED',
      kind: 'usage',
    });
  }
  expect(await files.count(file)).toBe(0);
});

test.for<[string, () => unknown, RegExp]>([
  ['a Kysely instance', () => db, /db\.transaction\(\)\.execute/],
  ['one with plugins', () => db.withPlugin(new CamelCasePlugin()), /db\.transaction\(\)\.execute/],
  ['one with a schema', () => db.withSchema('public'), /db\.transaction\(\)\.execute/],
  ['a pool', () => registry.pool, /Take a client from the pool/],
  ['undefined', () => undefined, /received undefined.*Pass a Kysely transaction/],
  ['null', () => null, /received null.*Pass a Kysely transaction/],
  ['a number', () => 42, /received a number/],
  ['a text', () => 'trx', /received a string/],
  ['an object', () => ({}), /received a object|received an object/],
  ['an object that only queries', () => ({ query: () => ({ rows: [] }) }), /Pass a Kysely transaction/],
  ['a function', () => () => db, /received a function/],
  ['the builder of a transaction', () => db.transaction(), /Pass a Kysely transaction/],
])('%s is no transaction, and the message says what to pass', ([, make, hint]) => {
  const attempt = () => files.in(make() as ApplicationTransaction);

  expect(attempt).toThrow(expect.objectContaining({ code: 'TRANSACTION_REQUIRED', kind: 'usage' }));
  expect(attempt).toThrow(hint);
});

test('a connection of Kysely on which nothing was begun is no transaction', async () => {
  await db.connection().execute(async (connection) => {
    expect(() => files.in(connection as never)).toThrow(
      expect.objectContaining({ code: 'TRANSACTION_REQUIRED' }),
    );
  });
});

test.for(verbs)('%s in a transaction that has failed says so', async ([, verb]) => {
  const trx = await db.startTransaction().execute();
  await sql`select 1 / 0`.execute(trx).catch(() => undefined);

  expect(await errorOf(verb(files.in(trx)))).toMatchObject({
    code: 'TRANSACTION_ABORTED',
    kind: 'usage',
    cause: { code: '25P02' },
  });
  await trx.rollback().execute();
});

test('a transaction that failed and went back to a savepoint is usable again', async () => {
  const trx = await (await db.startTransaction().execute()).savepoint('before').execute();
  await sql`select 1 / 0`.execute(trx).catch(() => undefined);
  expect(await errorOf(files.in(trx).attach(file, owner))).toMatchObject({ code: 'TRANSACTION_ABORTED' });

  const back = await trx.rollbackToSavepoint('before').execute();
  expect(await files.in(back).attach(file, owner)).toEqual({ attached: 1 });
  await back.commit().execute();
  expect(await files.count(file)).toBe(1);
});

test.for<[string, (kysely: Kysely<any>) => Kysely<any>]>([
  ['that renames columns', (kysely) => kysely.withPlugin(new CamelCasePlugin())],
  [
    'that renames the keys of JSON too',
    (kysely) => kysely.withPlugin(new CamelCasePlugin({ maintainNestedObjectKeys: false })),
  ],
  ['with a schema of its own', (kysely) => kysely.withSchema('other')],
  ['with a plugin for a schema', (kysely) => kysely.withPlugin(new WithSchemaPlugin('other'))],
])('a Kysely %s disturbs nothing', async ([, wrap]) => {
  await wrap(db)
    .transaction()
    .execute(async (trx) => {
      expect(await files.in(trx).attachMany([{ file, owner }])).toEqual({ attached: 1 });
      expect(await files.in(trx).replace(owner, [])).toEqual({ attached: 0, detached: 1 });
    });
});

import {
  ClsPluginTransactional,
  TransactionHost,
  type TransactionalAdapter,
} from '@nestjs-cls/transactional';
import { Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClsModule, ClsService } from 'nestjs-cls';
import {
  type AmbientTransactionHost,
  FileRegistry,
  FileRegistryModule,
  localStorage,
  type StoredFile,
} from 'nestjs-file-registry';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertLaws } from '../../support/assert-laws.js';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import type { TestDatabase } from '../../support/test-database.js';
import { ArticleTable, Articles, type Mode } from './articles.js';

/** A library with an adapter for @nestjs-cls/transactional. */
export interface AmbientLibrary<Tx> {
  readonly database: TestDatabase;
  /** What the adapter begins transactions on, provided under the token of the same name. */
  readonly connection: unknown;
  readonly adapter: (connectionToken: unknown) => TransactionalAdapter<any, Tx, any>;
  /** The registry's option. */
  readonly transaction: (host: TransactionHost<TransactionalAdapter<any, Tx, any>>) => AmbientTransactionHost;
  readonly insert: (tx: Tx, slot: string) => Promise<unknown>;
}

const CONNECTION = 'the connection';

/** The error of a method that fails on purpose. */
const failure = new Error('failed on purpose');

const fail = () => Promise.reject(failure);

/** Not that the fallback, which would be refused as well, was found to be no transaction. */
const required = {
  code: 'TRANSACTION_REQUIRED',
  kind: 'usage',
  message: expect.stringContaining('none active here'),
};

/** What is there after an outer method, which attaches to 'outer', called an inner one, which attaches to 'inner'. */
const propagation: Record<Mode, { together: string; innerFails: string; outerFails: string }> = {
  required: { together: 'inner outer', innerFails: 'inner outer', outerFails: '' },
  mandatory: { together: 'inner outer', innerFails: 'inner outer', outerFails: '' },
  supports: { together: 'inner outer', innerFails: 'inner outer', outerFails: '' },
  nested: { together: 'inner outer', innerFails: 'outer', outerFails: '' },
  requiresNew: { together: 'inner outer', innerFails: 'outer', outerFails: 'inner' },
  notSupported: { together: 'outer', innerFails: 'outer', outerFails: '' },
  never: { together: 'outer', innerFails: 'outer', outerFails: '' },
};

const modes = Object.keys(propagation) as Mode[];

/** How an inner method of these modes is refused inside a transaction, and one of those outside of any. */
const refusedInside: Partial<Record<Mode, object>> = {
  notSupported: required,
  never: { name: 'TransactionAlreadyActiveError' },
};
const refusedOutside: Partial<Record<Mode, object>> = {
  mandatory: { name: 'TransactionNotActiveError' },
  supports: required,
  notSupported: required,
  never: required,
};

/**
 * The registry in an application that uses @nestjs-cls/transactional with a library's adapter: references follow the
 * application's rows through every propagation mode. Call it at the top level of a suite.
 */
export async function ambientContract<Tx>(library: AmbientLibrary<Tx>): Promise<void> {
  const folder = await createTemporaryFolder('media');
  const admin = library.database.pool();
  await admin.query('create table article (slot text not null)');

  const application = await Test.createTestingModule({
    imports: [applicationModule(library, folder.path)],
  }).compile();
  await application.init();
  afterAll(() => application.close());

  const files = application.get(FileRegistry);
  const articles = application.get(Articles, { strict: false });
  const cls = application.get(ClsService, { strict: false });
  let photo: StoredFile;

  beforeEach(async () => {
    photo = await files.store(Buffer.from('bytes'));
  });

  afterEach(async () => {
    await admin.query('truncate article');
    await admin.query('delete from file_registry.file_references');
    await assertLaws({ admin, storages: { media: folder.path } });
  });

  /** The slots that are attached. They are the same as those of the application's rows, or the two came apart. */
  async function attached(): Promise<string> {
    const references = await files.references(photo);
    const { rows } = await admin.query<{ slot: string }>('select slot from article order by slot');
    expect(rows.map((row) => row.slot)).toEqual(references.map((reference) => reference.slot));
    return references.map((reference) => reference.slot).join(' ');
  }

  /** The library refuses some modes before it returns a promise. */
  const call = async (mode: Mode, slot: string, then?: () => Promise<unknown>) =>
    articles[mode](photo, slot, then);

  describe.for(modes)('%s, called inside a transaction', (mode) => {
    const expected = propagation[mode];
    const refusal = refusedInside[mode];

    /** Calls the inner method, which succeeds unless its mode is refused here. */
    const inner = async () => {
      const error = await errorOf(call(mode, 'inner'));
      expect(error).toEqual(refusal === undefined ? undefined : expect.objectContaining(refusal));
    };

    test(`leaves '${expected.together}' where both succeed`, async () => {
      await articles.required(photo, 'outer', inner);
      expect(await attached()).toBe(expected.together);
    });

    test(`leaves '${expected.innerFails}' where it fails and the outer method goes on`, async () => {
      await articles.required(photo, 'outer', () =>
        expect(call(mode, 'inner', fail)).rejects.toMatchObject(refusal ?? failure),
      );
      expect(await attached()).toBe(expected.innerFails);
    });

    test(`leaves nothing of the outer method, and '${expected.outerFails}', where that one fails after it`, async () => {
      const outer = articles.required(photo, 'outer', async () => {
        await inner();
        // The outer method has its transaction back.
        await articles.plain(photo, 'outer again');
        await fail();
      });
      await expect(outer).rejects.toBe(failure);
      expect(await attached()).toBe(expected.outerFails);
    });
  });

  describe.for(modes.filter((mode) => !refusedOutside[mode]))('%s, called outside of any', (mode) => {
    test('attaches what it commits and nothing of what it rolls back', async () => {
      await expect(call(mode, 'failed', fail)).rejects.toBe(failure);
      await call(mode, 'done');
      expect(await attached()).toBe('done');
    });
  });

  test.for(Object.entries(refusedOutside))(
    '%s, called outside of any, is refused and attaches nothing',
    async ([mode, refusal]) => {
      await expect(call(mode as Mode, 'inner')).rejects.toMatchObject(refusal);
      await cls.run(() => expect(call(mode as Mode, 'inner')).rejects.toMatchObject(refusal));
      expect(await attached()).toBe('');
    },
  );

  test('without any decorator a verb is refused, although the host has a fallback', async () => {
    await expect(articles.plain(photo, 'inner')).rejects.toMatchObject(required);
    await cls.run(() => expect(articles.plain(photo, 'inner')).rejects.toMatchObject(required));
    expect(await attached()).toBe('');
  });

  test('what was begun inside a transaction and comes after its end is refused', async () => {
    const ended = Promise.withResolvers<void>();
    let late: Promise<unknown> | undefined;
    await articles.required(photo, 'outer', async () => {
      late = errorOf(ended.promise.then(() => articles.plain(photo, 'late')));
    });
    ended.resolve();
    expect(await late).toMatchObject(required);
    expect(await attached()).toBe('outer');
  });

  test('methods that run at the same time commit and roll back for themselves', async () => {
    const slots = Array.from({ length: 12 }, (_, number) => `slot-${String(number).padStart(2, '0')}`);
    const fails = (slot: string) => Number(slot.at(-1)) % 3 === 0;
    const errors = await Promise.all(
      slots.map((slot) => errorOf(articles.required(photo, slot, fails(slot) ? fail : undefined))),
    );
    expect(errors).toEqual(slots.map((slot) => (fails(slot) ? failure : undefined)));
    expect(await attached()).toBe(slots.filter((slot) => !fails(slot)).join(' '));
  });

  test('a missing file leaves the method free to go on', async () => {
    const missing = { ...photo, id: '01987654-3210-7000-8000-000000000000' };
    await articles.required(photo, 'outer', () =>
      expect(articles.plain(missing, 'missing')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' }),
    );
    expect(await attached()).toBe('outer');
  });

  test('store is refused inside a transaction, and works where a method suspends it', async () => {
    const store = () => files.store(Buffer.from('more'));
    await articles.required(photo, 'outer', async () => {
      expect(await errorOf(store())).toMatchObject({ code: 'TRANSACTION_ACTIVE', kind: 'usage' });
      expect(await TransactionHost.getInstance().withoutTransaction(store)).toMatchObject({
        size: 4,
      });
    });
    expect(await attached()).toBe('outer');
  });
}

/** What the promise rejects with; undefined where it does not. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function applicationModule<Tx>(library: AmbientLibrary<Tx>, root: string): Type {
  type Host = TransactionHost<TransactionalAdapter<any, Tx, any>>;

  @Module({ providers: [{ provide: CONNECTION, useValue: library.connection }], exports: [CONNECTION] })
  class DatabaseModule {}

  @Module({
    imports: [
      ClsModule.forRoot({
        global: true,
        plugins: [
          new ClsPluginTransactional({ imports: [DatabaseModule], adapter: library.adapter(CONNECTION) }),
        ],
      }),
      FileRegistryModule.forRootAsync({
        inject: [TransactionHost],
        useFactory: (host: Host) => ({
          database: library.database.pool(),
          storages: { media: localStorage({ root }) },
          processor: { enabled: false },
          transaction: library.transaction(host),
        }),
      }),
    ],
    providers: [
      Articles,
      {
        provide: ArticleTable,
        inject: [TransactionHost],
        useFactory: (host: Host): ArticleTable => ({ insert: (slot) => library.insert(host.tx as Tx, slot) }),
      },
    ],
  })
  class ApplicationModule {}

  return ApplicationModule;
}

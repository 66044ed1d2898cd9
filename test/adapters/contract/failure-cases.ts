import { expect, test } from 'vitest';
import { FileRegistryError } from 'nestjs-file-registry';
import { errorOf } from '../../registry/error-of.js';
import type { Arena } from '../contract.js';

class RollBack extends Error {}

const owner = { type: 'article', id: 'failing', slot: 'cover' };

/** What PostgreSQL says reaches the application as the registry's errors, with the host's own as the cause. */
export function failureCases<Tx>({ registry, host }: Arena<Tx>): void {
  const { files } = registry;
  const inTx = (tx: Tx) => files.in(host.adapt(tx));

  /** What the work throws inside a transaction, which rolls back then; some libraries say so in words of their own. */
  async function failureOf(work: (tx: Tx) => Promise<unknown>): Promise<FileRegistryError> {
    let failure: FileRegistryError | undefined;
    const transaction = host.transaction(async (tx) => {
      failure = await errorOf(work(tx));
      throw new RollBack();
    });
    await errorOf(transaction);
    return failure as FileRegistryError;
  }

  test('a transaction that has failed says so', async () => {
    const file = await registry.store();
    const error = await failureOf(async (tx) => {
      await Promise.resolve(host.run(tx, 'select 1 / 0')).catch(() => undefined);
      await inTx(tx).attach(file, owner);
    });

    expect(error).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      kind: 'usage',
      context: { sqlState: '25P02' },
    });
    expect(error.cause).not.toBeInstanceOf(FileRegistryError);
    expect(await files.count(file)).toBe(0);
  });

  test('a transaction that failed before its first verb is usable after going back to a savepoint', async () => {
    const file = await registry.store();
    let answer: unknown;
    await errorOf(
      host.transaction(async (tx) => {
        const verbs = inTx(tx);
        await host.run(tx, 'savepoint mine');
        await Promise.resolve(host.run(tx, 'select 1 / 0')).catch(() => undefined);
        expect(await errorOf(verbs.attach(file, owner))).toMatchObject({ code: 'TRANSACTION_ABORTED' });
        await host.run(tx, 'rollback to savepoint mine');
        answer = await verbs.attach(file, owner);
        throw new RollBack();
      }),
    );

    expect(answer).toEqual({ attached: 1 });
  });

  test('a serialization failure is a conflict: run again, the transaction succeeds', async () => {
    const file = await registry.store();
    const attempt = async (tx: Tx, meanwhile: () => Promise<unknown>) => {
      await host.run(tx, 'set transaction isolation level repeatable read');
      await host.run(tx, 'select count(*) from file_registry.files');
      await meanwhile();
      return inTx(tx)
        .detachAll(owner)
        .then(() => inTx(tx).attach(file, owner));
    };
    const error = await failureOf((tx) =>
      attempt(tx, () => registry.db.transaction().execute((trx) => files.in(trx).erase(file))),
    );
    expect(error).toMatchObject({
      code: 'TRANSACTION_CONFLICT',
      kind: 'retryable',
      retryable: true,
      context: { sqlState: '40001' },
    });
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.cause).not.toBeInstanceOf(FileRegistryError);

    const again = await failureOf((tx) => attempt(tx, async () => {}));
    expect(again).toMatchObject({ code: 'FILE_CONDEMNED' });
  });

  test('a lock that is not given in time is a conflict', async () => {
    const file = await registry.store();
    const other = await registry.database.begun();
    await other.query('select from file_registry.files where id = $1 for update', [file.id]);
    const error = await failureOf(async (tx) => {
      await host.run(tx, `set local lock_timeout = '50ms'`);
      await inTx(tx).attach(file, owner);
    });
    await other.query('rollback');

    expect(error).toMatchObject({ code: 'TRANSACTION_CONFLICT', context: { sqlState: '55P03' } });
    expect(await files.count(file)).toBe(0);
    await host.transaction((tx) => inTx(tx).attach(file, owner));
    expect(await files.count(file)).toBe(1);
  });
}

import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { errorOf } from '../../registry/error-of.js';
import type { Arena } from '../contract.js';

class RollBack extends Error {}

/** The verbs commit and roll back with the host, savepoints included. */
export function transactionCases<Tx>({ registry, host }: Arena<Tx>): void {
  const { files, pool } = registry;
  const some = () => ({ type: 'article', id: randomUUID(), slot: 'cover' });
  const inTx = (tx: Tx) => files.in(host.adapt(tx));

  afterEach(() => registry.assertLaws());

  test('attach commits with the rows of the host, and is not seen before', async () => {
    const file = await registry.store();
    const owner = some();
    const answer = await host.transaction(async (tx) => {
      await host.run(tx, `insert into article (title) values ('${owner.id}')`);
      const attached = await inTx(tx).attach(file, owner);
      expect(await files.count(file)).toBe(0);
      return attached;
    });

    expect(answer).toEqual({ attached: 1 });
    expect(await files.filesOf(owner)).toMatchObject([{ id: file.id }]);
    expect((await pool.query('select from article where title = $1', [owner.id])).rowCount).toBe(1);
  });

  test('attach and detach roll back with the host', async () => {
    const [held, other] = [await registry.store(), await registry.store()];
    const owner = some();
    await host.transaction((tx) => inTx(tx).attach(held, owner));
    const work = host.transaction(async (tx) => {
      await inTx(tx).detach(held, owner);
      await inTx(tx).attach(other, owner);
      throw new RollBack();
    });

    await expect(work).rejects.toThrow(RollBack);
    expect(await files.filesOf(owner)).toMatchObject([{ id: held.id }]);
  });

  test('a file that is missing leaves the transaction usable', async () => {
    const file = await registry.store();
    const owner = some();
    await host.transaction(async (tx) => {
      expect(await errorOf(inTx(tx).attach(randomUUID(), owner))).toMatchObject({ code: 'FILE_NOT_FOUND' });
      await host.run(tx, `insert into article (title) values ('${owner.id}')`);
      await inTx(tx).attach(file, owner);
    });

    expect(await files.count(file)).toBe(1);
    expect((await pool.query('select from article where title = $1', [owner.id])).rowCount).toBe(1);
  });

  describe('a savepoint of the library', () => {
    test('that is rolled back takes its references along, and no others', async () => {
      const [before, inside, after] = [
        await registry.store(),
        await registry.store(),
        await registry.store(),
      ];
      const owner = some();
      await host.transaction(async (tx) => {
        await inTx(tx).attach(before, owner);
        const nested = host.nested(tx, async (savepoint) => {
          await inTx(savepoint).attach(inside, owner);
          throw new RollBack();
        });
        await expect(nested).rejects.toThrow(RollBack);
        await inTx(tx).attach(after, owner);
      });

      const held = (await files.filesOf(owner)).map(({ id }) => id);
      expect(held.toSorted()).toEqual([before.id, after.id].toSorted());
    });

    test('that is released commits with the whole', async () => {
      const file = await registry.store();
      const owner = some();
      await host.transaction((tx) => host.nested(tx, (savepoint) => inTx(savepoint).attach(file, owner)));

      expect(await files.filesOf(owner)).toMatchObject([{ id: file.id }]);
    });

    test('that is released rolls back with the whole', async () => {
      const file = await registry.store();
      const work = host.transaction(async (tx) => {
        await host.nested(tx, (savepoint) => inTx(savepoint).attach(file, some()));
        throw new RollBack();
      });

      await expect(work).rejects.toThrow(RollBack);
      expect(await files.count(file)).toBe(0);
    });
  });

  test('a savepoint that somebody set by hand', async () => {
    const [inside, after] = [await registry.store(), await registry.store()];
    const owner = some();
    await host.transaction(async (tx) => {
      const verbs = inTx(tx);
      await host.run(tx, 'savepoint mine');
      await verbs.attach(inside, owner);
      await host.run(tx, 'rollback to savepoint mine');
      await verbs.attach(after, owner);
    });

    expect(await files.filesOf(owner)).toMatchObject([{ id: after.id }]);
    expect(await files.count(inside)).toBe(0);
  });

  test('several verbs at once, without waiting for each other', async () => {
    const stored = await Promise.all(Array.from({ length: 5 }, () => registry.store()));
    const owner = some();
    await host.transaction((tx) => Promise.all(stored.map((file) => inTx(tx).attach(file, owner))));

    expect(await files.filesOf(owner)).toHaveLength(5);
  });

  test('transactions side by side keep to themselves', async () => {
    const [kept, dropped] = [await registry.store(), await registry.store()];
    const owner = some();
    await host.transaction(async (tx) => {
      const other = errorOf(
        host.transaction(async (second) => {
          await inTx(second).attach(dropped, owner);
          throw new RollBack();
        }),
      );
      await inTx(tx).attach(kept, owner);
      expect(await other).toBeInstanceOf(RollBack);
    });

    expect(await files.filesOf(owner)).toMatchObject([{ id: kept.id }]);
  });
}

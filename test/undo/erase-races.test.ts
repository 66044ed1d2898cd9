import { expect, test } from 'vitest';
import { awaitedLater } from '../support/awaited-later.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { untilBlocked } from '../scenarios/support/until-blocked.js';
import { addRendition } from './support/add-rendition.js';

const registry = await createTestRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { files, processor, pool, database } = registry;

const owner = { type: 'article', id: '1', slot: 'cover' };

test('erase waits for an attach that is held open, and its reference goes too', async () => {
  const file = await registry.store();
  const [attaching, erasing] = [await database.begun(), await database.begun()];
  await files.in(attaching).attach(file, owner);
  const erased = awaitedLater(files.in(erasing).erase(file));
  await untilBlocked(erasing, pool);
  await attaching.query('commit');

  expect((await erased).erased).toMatchObject([{ id: file.id }]);
  await erasing.query('commit');
  expect(await files.count(file)).toBe(0);
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

test('an erasure that is held open is passed by, and rolled back to a savepoint it leaves everything', async () => {
  const file = await registry.store();
  await registry.attach(file, '2');
  const session = await database.begun();
  await session.query('savepoint before');
  await files.in(session).erase(file);
  expect(await processor.drain()).toMatchObject({ condemned: 0, deleted: 0, unsettled: 0 });
  await session.query('rollback to savepoint before');
  await session.query('commit');

  expect(await processor.drain()).toMatchObject({ condemned: 0, deleted: 0 });
  expect(await files.count(file)).toBe(1);
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('erasing what a settle is condemning waits for it, and then changes nothing', async () => {
  const file = await registry.store();
  const [settling, erasing] = [await database.begun(), await database.begun()];
  await settling.query("select file_registry.settle('stored', 0, 100, '-infinity', 0)");
  const erased = awaitedLater(files.in(erasing).erase(file));
  await untilBlocked(erasing, pool);
  await settling.query('commit');

  expect(await erased).toEqual({ erased: [] });
  await erasing.query('commit');
  await processor.drain();
  await registry.assertLaws();
});

test('a rendition that is being added goes with its original', async () => {
  const [original, small] = [await registry.store(), await registry.store()];
  const [adding, erasing] = [await database.begun(), await database.begun()];
  await addRendition(adding, original, small, 'small');
  const erased = awaitedLater(files.in(erasing).erase(original));
  await untilBlocked(erasing, pool);
  await adding.query('commit');

  expect((await erased).erased.map(({ id }) => id).toSorted()).toEqual([original.id, small.id].toSorted());
  await erasing.query('commit');
  await processor.drain();
  await registry.assertLaws();
});

test('two erasures at once name each file once between them, without a deadlock, whatever the order of ids', async () => {
  const [a, b, c] = [await registry.store(), await registry.store(), await registry.store()];
  // Younger files are the originals, so that the order of the family is not the order of the ids.
  await addRendition(pool, c, b, 'small');
  await addRendition(pool, b, a, 'smaller');
  const [first, second] = [await database.begun(), await database.begun()];
  const locked = await database.begun();
  await locked.query('select from file_registry.files where id = $1 for update', [a.id]);
  const outcomes = [files.in(first).erase(b), files.in(second).erase(c)];
  await untilBlocked(first, pool);
  await untilBlocked(second, pool);
  await locked.query('commit');
  const all = await Promise.all(
    outcomes.map(async (outcome, index) => {
      const { erased } = await outcome;
      await [first, second][index]!.query('commit');
      return erased.map(({ id }) => id);
    }),
  );

  expect(all.flat().toSorted()).toEqual([a.id, b.id, c.id].toSorted());
  await processor.drain();
  await registry.assertLaws();
});

test.for(['repeatable read', 'serializable'])(
  'in %s a reference or a hold that came after the snapshot is a conflict to run again',
  async (isolation) => {
    const file = await registry.store();
    await registry.attach(file, '3');
    for (const verb of ['attach', 'hold'] as const) {
      const erasing = await database.begun(isolation);
      await erasing.query('select from file_registry.files');
      const other = await database.begun();
      await (verb === 'attach'
        ? files.in(other).attach(file, { ...owner, id: isolation })
        : files.in(other).hold(file, 'matter'));
      await other.query('commit');

      await expect(files.in(erasing).erase(file)).rejects.toMatchObject({
        code: 'TRANSACTION_CONFLICT',
        kind: 'retryable',
      });
      await erasing.query('rollback');
    }

    const again = await database.begun(isolation);
    await expect(files.in(again).erase(file)).rejects.toMatchObject({ code: 'FILE_HELD' });
    await files.in(again).release(file);
    expect((await files.in(again).erase(file)).erased).toHaveLength(1);
    await again.query('commit');
    await processor.drain();
    expect(await registry.hasBytes(file)).toBe(false);
    await registry.assertLaws();
  },
);

test("a foreign key of the application's own is its own error, not one to run again", async () => {
  const file = await registry.store();
  await pool.query('create table keeper (file_id uuid references file_registry.files (id))');
  await pool.query('insert into keeper values ($1)', [file.id]);
  const session = await database.begun();
  await expect(files.in(session).erase(file)).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    message: expect.stringContaining('keeper_file_id_fkey'),
  });
  await session.query('rollback');
  await pool.query('drop table keeper');
});

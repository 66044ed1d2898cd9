import { expect, test, vi } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 0,
  processor: { batchSize: 1 },
});
const { processor, pool, storage } = registry;

/** With the first deletion of bytes under way and the next two batches leased ahead of it. */
async function whileDeleting(act: () => Promise<unknown>) {
  storage.onDelete = async (objects, proceed) => {
    storage.onDelete = (some, really) => really(some);
    await vi.waitFor(async () => {
      const { rows } = await pool.query(
        'select count(*)::int as leased from file_registry.deletions where lease_token is not null',
      );
      expect(rows[0].leased).toBe(3);
    }, 10_000);
    await act();
    return proceed(objects);
  };
}

test('a pause lets the batch that is being deleted end and begins no other, also none that was leased ahead', async () => {
  const stored = await registry.storeMany(4);
  await whileDeleting(() => processor.pause());

  expect(await processor.drain()).toMatchObject({ condemned: 3, deleted: 1, released: 2 });
  expect(storage.batches).toHaveLength(1);
  const { rows } = await pool.query(
    "select attempts from file_registry.deletions where state = 'condemned' and lease_token is null",
  );
  expect(rows).toEqual([{ attempts: 0 }, { attempts: 0 }]);

  await processor.resume();
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 3 });
  expect(storage.keys.toSorted()).toEqual(stored.map(({ key }) => key).toSorted());
  await registry.assertLaws();
});

test('where nobody can be asked whether there is a pause, nothing is deleted and nothing stays leased', async () => {
  await registry.storeMany(4);
  const rename = (from: string, to: string) =>
    pool.query(`alter function file_registry.${from} rename to ${to}`);
  await whileDeleting(() => rename('due_work', 'no_work'));

  await expect(processor.drain()).rejects.toThrow('due_work');
  await rename('no_work', 'due_work');
  expect(storage.batches).toHaveLength(1);
  expect(await pool.query('select from file_registry.deletions where lease_token is not null')).toMatchObject(
    { rowCount: 0 },
  );
});

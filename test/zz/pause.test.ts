import { expect, test, vi } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0, processor: { batchSize: 1 } });
const { processor, pool, storage } = registry;
test('what was leased ahead of a pause is given back', async () => {
  const [first, ...rest] = await registry.storeMany(3);
  storage.onDelete = async (objects, proceed) => {
    storage.onDelete = (some, really) => really(some);
    await vi.waitFor(async () => {
      const { rows } = await pool.query('select count(*)::int as leased from file_registry.deletions where lease_token is not null');
      expect(rows[0].leased).toBe(2);
    });
    await processor.pause();
    return proceed(objects);
  };
  const result = await processor.drain();
  console.log(result, storage.batches);
  console.log(first && await registry.deletion(first), rest.length);
  await processor.resume();
});

import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const day = 24 * 60 * 60 * 1000;
const registry = await createWatchedRegistry();
const { pool } = registry;

/** An object whose deletion was ordered some time ago by a transaction that commits only now. */
async function ordered(ago: string): Promise<string> {
  const { rows } = await pool.query<{ key: string }>(
    `insert into file_registry.deletions (file_id, storage, key, reason, state, condemned_at, next_attempt_at)
     select id, 'media', '2026/11/' || id || '.jpg', 'direct', 'condemned', due_at, due_at
       from (select gen_random_uuid() as id, clock_timestamp() - $1::interval as due_at) new
     returning key`,
    [ago],
  );
  return rows[0]!.key;
}

async function receiptOf(ago: string): Promise<void> {
  await pool.query(
    `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, deleted_at)
     select id, 'media', '2026/11/' || id || '.jpg', 'direct', 'deleted', null, clock_timestamp() - $1::interval
       from (select gen_random_uuid() as id) new`,
    [ago],
  );
}

const receipts = async () => (await registry.processor.stats()).receipts;

test('a tick that found nothing lets the next ones look at the last minute only, until a sweep', async () => {
  const scheduled = await registry.another({ processor: { sweepIntervalMs: day }, receiptRetentionMs: day });
  const { processor, storage } = scheduled;
  await ordered('1 hour');
  await processor.tick();
  expect(storage.keys, 'the first tick sweeps').toHaveLength(1);
  await processor.tick();

  const [late, early] = [await ordered('1 hour'), await ordered('30 seconds')];
  await receiptOf('25 hours');
  await receiptOf('24 hours 30 seconds');
  const before = await receipts();
  await processor.tick();
  expect(storage.keys).toContain(early);
  expect(storage.keys).not.toContain(late);
  expect(await receipts()).toBe(before + 1 - 1); // one is written, one is pruned

  expect(await processor.drain()).toMatchObject({ deleted: 1, prunedReceipts: 1 });
  expect(storage.keys).toContain(late);
  await scheduled.module.close();
});

test('as long as anything is due, everything is looked at', async () => {
  const scheduled = await registry.another({ processor: { sweepIntervalMs: day } });
  const { processor, storage } = scheduled;
  storage.onDelete = () => Promise.reject(new Error('down'));
  await ordered('1 hour');
  await processor.tick();
  await pool.query(
    `update file_registry.deletions set next_attempt_at = clock_timestamp() where state <> 'deleted'`,
  );
  storage.reset();
  const late = await ordered('1 hour');
  await processor.tick();
  expect(storage.keys).toContain(late);
  await scheduled.module.close();
});

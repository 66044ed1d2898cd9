import { Logger } from '@nestjs/common';
import type { DrainCounts } from 'nestjs-file-registry';
import { afterEach, expect, test, vi } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const options = { gracePeriodMs: 0, unattachedTtlMs: 0, processor: { batchSize: 7 } };
const registry = await createWatchedRegistry(options);
const { pool } = registry;

afterEach(() => vi.restoreAllMocks());

async function deadlocks(): Promise<number> {
  const { rows } = await pool.query(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  );
  return rows[0].deadlocks;
}

test('three processors on one backlog delete every key exactly once, without an error or a deadlock', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const others = [await registry.another(options), await registry.another(options)];
  const processors = [registry, ...others];
  const before = await deadlocks();

  const stored = await registry.storeMany(60);
  const ids = [...(await registry.storeWithoutBytes(300)), ...stored.map((file) => file.id)];
  // Several intents for every file, spread over the backlog, so that processors meet on the same files.
  for (let round = 0; round < 3; round++) {
    await pool.query(
      `insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
       select id, 'article', id::text, 'cover' from unnest($1::uuid[]) id`,
      [ids],
    );
    await pool.query('delete from file_registry.file_references');
  }

  const drained = await Promise.all(processors.map(({ processor }) => processor.drain()));
  const sum = (name: keyof DrainCounts) => drained.reduce((total, one) => total + one[name], 0);

  expect(sum('condemned')).toBe(ids.length);
  expect(sum('deleted')).toBe(ids.length);
  expect([sum('unsettled'), sum('failed'), sum('lostLeases'), sum('released')]).toEqual([0, 0, 0, 0]);
  const keys = processors.flatMap(({ storage }) => storage.keys);
  expect(keys).toHaveLength(ids.length);
  expect(new Set(keys).size).toBe(ids.length);
  expect(warn).not.toHaveBeenCalled();
  expect(await deadlocks()).toBe(before);

  // Whose intents were passed by while another held them finds them dropped or drops them now.
  await registry.processor.drain();
  expect(await registry.processor.stats()).toMatchObject({ pending: 0, condemned: 0, receipts: ids.length });
  await registry.assertLaws();
  for (const { module } of others) await module.close();
});

test('originals and renditions that several processors settle at once all go, each exactly once', async () => {
  const other = await registry.another(options);
  const originals = await registry.storeWithoutBytes(40);
  const renditions = await registry.storeWithoutBytes(80);
  await pool.query(
    `insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
     select rendition, 'file', original::text, 'size=' || n % 2
       from unnest($1::uuid[]) with ordinality r(rendition, n)
       join unnest($2::uuid[]) with ordinality o(original, m) on m = (n + 1) / 2`,
    [renditions, originals],
  );

  const drained = await Promise.all([registry, other].map(({ processor }) => processor.drain()));
  expect(
    drained.reduce((total, { deleted }) => total + deleted, (await registry.processor.drain()).deleted),
  ).toBe(120);
  const keys = [registry, other].flatMap(({ storage }) => storage.keys);
  expect(keys).toHaveLength(120);
  expect(new Set(keys).size).toBe(120);
  await other.module.close();
});

test('drains that are called at once in one process run one after the other', async () => {
  await registry.storeMany(20);
  let running = 0;
  let most = 0;
  registry.storage.onDelete = async (objects, proceed) => {
    most = Math.max(most, ++running);
    const outcomes = await proceed(objects);
    running--;
    return outcomes;
  };

  const drained = await Promise.all([1, 2, 3].map(() => registry.processor.drain()));
  expect(drained.map(({ deleted }) => deleted)).toEqual([20, 0, 0]);
  // Two batches of one pass, and not those of three.
  expect(most).toBeLessThanOrEqual(2);
});

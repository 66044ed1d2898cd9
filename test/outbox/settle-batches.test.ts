import { Logger } from '@nestjs/common';
import { afterEach, expect, test, vi } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 0,
  processor: { batchSize: 100 },
});
const { database, pool, processor } = registry;

afterEach(() => vi.restoreAllMocks());

test('a backlog of many batches is drained in one tick', async () => {
  const ids = await registry.storeWithoutBytes(3000);

  await processor.tick();

  expect(await processor.stats()).toMatchObject({ pending: 0, condemned: 0, receipts: ids.length });
  expect(new Set(registry.storage.keys).size).toBe(ids.length);
  expect(Math.max(...registry.storage.batches.map((batch) => batch.length))).toBe(100);
});

/** Two intents for each file, one beside the other: every second batch of an odd size ends between the two. */
async function storeWithPairsOfIntents(count: number): Promise<string[]> {
  const ids = await registry.storeWithoutBytes(count);
  await pool.query(
    `do $body$ declare file uuid; begin
       foreach file in array '{${ids.join(',')}}'::uuid[] loop
         for owner in 1 .. 2 loop
           perform file_registry.attach(array[file], 'article', owner::text, 'cover');
           perform file_registry.detach(array[file], 'article', owner::text, 'cover');
         end loop;
       end loop;
     end $body$`,
  );
  return ids;
}

/** Deleting the row of this file fails until the function is called that this answers. */
async function poison(id: string): Promise<() => Promise<unknown>> {
  await pool.query(
    `create function public.poison() returns trigger language plpgsql
     as $body$ begin raise exception 'poisoned' using errcode = 'P4242'; end $body$`,
  );
  await pool.query(
    `create trigger poison before delete on file_registry.files for each row
     when (old.id = '${id}') execute function public.poison()`,
  );
  return () => pool.query('drop function public.poison() cascade');
}

const odd = { gracePeriodMs: 0, unattachedTtlMs: 0, processor: { batchSize: 7 } };

test('files that have an intent in each of two batches at once go with the same drain, and none of their intents stays', async () => {
  await storeWithPairsOfIntents(300);
  const { processor: pairing, module } = await registry.another(odd);

  expect(await pairing.drain()).toMatchObject({ condemned: 300, deleted: 300, unsettled: 0 });
  expect(await pairing.stats()).toMatchObject({ pending: 0, condemned: 0, receipts: 300 });
  await module.close();
  await registry.assertLaws();
});

test('a file whose settling fails is told of once, though what two batches left before it is looked at again', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const ids = await storeWithPairsOfIntents(100);
  const mend = await poison(ids[90] ?? '');
  const { processor: pairing, module } = await registry.another(odd);

  const drained = await pairing.drain();
  await mend();

  expect(drained).toMatchObject({ condemned: 99, deleted: 99, unsettled: 1 });
  expect(warn.mock.calls.filter(([message]) => String(message).includes('P4242'))).toHaveLength(1);
  expect(await pairing.drain()).toMatchObject({ condemned: 1, deleted: 1, unsettled: 0 });
  await module.close();
});

test('what an open transaction holds is counted as left once, though it is looked at twice', async () => {
  const ids = await registry.storeWithoutBytes(1000);
  const application = await database.client();
  await application.query('begin');
  await application.query('select from file_registry.files where id = any($1) for key share', [
    ids.slice(150, 550),
  ]);

  expect(await processor.drain()).toMatchObject({ condemned: 600, deleted: 600, left: 400 });

  await application.query('rollback');
  expect(await processor.drain()).toMatchObject({ condemned: 400, deleted: 400, left: 0 });
});

test('a batch that is smaller than the intents of one file settles it all the same', async () => {
  const small = await registry.another({ gracePeriodMs: 0, unattachedTtlMs: 0, processor: { batchSize: 2 } });
  const file = await registry.store();
  for (let n = 0; n < 7; n++) {
    await registry.attach(file, '1');
    await registry.detach(file, '1');
  }
  expect(await small.processor.drain()).toMatchObject({ condemned: 1, deleted: 1, unsettled: 0 });
  expect(await registry.intents(file)).toEqual([]);
  await small.module.close();
});

test.each([
  ['alone', 100],
  ['in one of two batches at once', 3],
])(
  'a file whose settling fails %s holds nobody up, is logged, and goes when the cause is gone',
  async (_, batchSize) => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    const poisonable = await registry.another({
      gracePeriodMs: 0,
      unattachedTtlMs: 0,
      processor: { batchSize },
    });
    const stored = await registry.storeMany(20);
    const mend = await poison(stored[7]?.id ?? '');

    const drained = await poisonable.processor.drain();
    await mend();

    expect(drained).toMatchObject({ condemned: 19, deleted: 19, unsettled: 1 });
    expect(warn.mock.calls.filter(([message]) => String(message).includes('P4242: poisoned'))).toHaveLength(
      1,
    );
    expect(await poisonable.processor.stats()).toMatchObject({ pending: 1, due: 1 });
    expect(await poisonable.processor.drain()).toMatchObject({ condemned: 1, deleted: 1, unsettled: 0 });
    await poisonable.module.close();
    await registry.assertLaws();
  },
);

test('an original whose rendition is locked by another session holds nobody up and is tried again', async () => {
  const [original, rendition, ...others] = await registry.storeMany(10);
  if (!original || !rendition) throw new Error('ten files were stored');
  await pool.query(
    "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=small')",
    [rendition.id, original.id],
  );
  const application = await database.client();
  await application.query('begin');
  await application.query('select from file_registry.file_references where file_id = $1 for update', [
    rendition.id,
  ]);

  // The lock is still held when this returns: the processor gave way.
  expect(await processor.drain()).toMatchObject({
    condemned: others.length,
    deleted: others.length,
    unsettled: 1,
  });
  expect(await registry.hasBytes(original)).toBe(true);

  await application.query('rollback');
  expect(await processor.drain()).toMatchObject({ condemned: 2, deleted: 2, unsettled: 0 });
  await registry.assertLaws();
});

test('a statement_timeout that a whole batch exceeds makes the batches smaller', async () => {
  const role = await database.role();
  await pool.query(`grant usage on schema file_registry to ${role.name}`);
  await pool.query(`grant execute on all functions in schema file_registry to ${role.name}`);
  const impatient = await registry.another({
    gracePeriodMs: 0,
    unattachedTtlMs: 0,
    processor: { batchSize: 32, database: database.pool({ role, options: '-c statement_timeout=400ms' }) },
  });
  await registry.storeMany(32);
  await pool.query(
    `create function public.dawdle() returns trigger language plpgsql
     as $body$ begin perform pg_sleep(0.02); return old; end $body$`,
  );
  await pool.query(
    'create trigger dawdle before delete on file_registry.files for each row execute function public.dawdle()',
  );

  const drained = await impatient.processor.drain();
  await pool.query('drop function public.dawdle() cascade');

  expect(drained).toMatchObject({ condemned: 32, deleted: 32, unsettled: 0 });
  await impatient.module.close();
});

import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const day = 24 * 60 * 60 * 1000;
const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 7 * day,
  processor: { sweepIntervalMs: day },
});
const { database, processor, pool, files } = registry;

/** The schedule's first pass sweeps; from the second on it looks behind its mark only. */
async function scheduledProcessor() {
  const scheduled = await registry.another({
    gracePeriodMs: 0,
    unattachedTtlMs: 7 * day,
    processor: { sweepIntervalMs: day },
  });
  await scheduled.processor.tick();
  return scheduled;
}

test('a tick settles what is behind its mark; an intent that commits late before it is found by a sweep', async () => {
  const [late, early, next] = await registry.storeMany(3);
  if (!late || !early || !next) throw new Error('three files were stored');
  for (const file of [late, early, next]) await registry.attach(file, '1');
  const scheduled = await scheduledProcessor();

  const application = await database.client();
  await application.query('begin');
  await files.in(application).detach(late, { type: 'article', id: '1', slot: 'cover' });
  await registry.detach(early, '1');
  await scheduled.processor.tick();
  expect(await registry.deletion(early)).toMatchObject({ state: 'deleted' });

  await application.query('commit');
  await registry.detach(next, '1');
  await scheduled.processor.tick();
  expect(await registry.deletion(next), 'behind the mark').toMatchObject({ state: 'deleted' });
  expect(await registry.deletion(late), 'before the mark').toBeUndefined();
  expect(await registry.intents(late)).toHaveLength(2);

  expect(await scheduled.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.hasBytes(late)).toBe(false);
  await scheduled.module.close();
  await registry.assertLaws();
});

test('ticks sweep by themselves when the interval between sweeps is over', async () => {
  const [late, early] = await registry.storeMany(2);
  if (!late || !early) throw new Error('two files were stored');
  for (const file of [late, early]) await registry.attach(file, '1');
  const always = await registry.another({ gracePeriodMs: 0, processor: { sweepIntervalMs: 0 } });

  const application = await database.client();
  await application.query('begin');
  await files.in(application).detach(late, { type: 'article', id: '1', slot: 'cover' });
  await registry.detach(early, '1');
  await always.processor.tick();
  await application.query('commit');
  await always.processor.tick();

  expect(await registry.deletion(late)).toMatchObject({ state: 'deleted' });
  await always.module.close();
});

test('an intent that was left because its file was held is found by a sweep', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  const scheduled = await scheduledProcessor();
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted' });

  const held = await registry.store();
  await registry.attach(held, '1');
  await registry.detach(held, '1');
  const application = await database.client();
  await application.query('begin');
  await application.query('select from file_registry.files where id = $1 for key share', [held.id]);
  await scheduled.processor.tick();
  await application.query('rollback');
  expect(await registry.deletion(held)).toBeUndefined();

  await scheduled.processor.tick();
  expect(await registry.deletion(held), 'the mark has passed it').toBeUndefined();
  expect(await scheduled.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  await scheduled.module.close();
});

test('intents noted in the same microsecond on both sides of the end of a batch are all settled', async () => {
  const ids = await registry.storeWithoutBytes(10);
  await pool.query(
    `begin;
     set local session_replication_role = replica;
     update file_registry.deletion_outbox set noted_at = '2020-01-01';
     commit`,
  );
  const small = await registry.another({ processor: { batchSize: 3 } });

  expect(await small.processor.drain()).toMatchObject({ condemned: ids.length, deleted: ids.length });
  expect(await processor.stats()).toMatchObject({ pending: 0 });
  await small.module.close();
});

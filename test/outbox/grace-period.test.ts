import type { StoredFile } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({
  gracePeriodMs: 24 * 60 * 60 * 1000,
  unattachedTtlMs: 2 * 60 * 60 * 1000,
});
const { processor, pool } = registry;

test('a file that was never attached goes after its time-to-live, not before', async () => {
  const file = await registry.store();

  await registry.passTime('119 minutes');
  expect(await processor.drain()).toMatchObject({ condemned: 0, deleted: 0 });
  await registry.passTime('2 minutes');
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', reason: 'stored' });
  await registry.assertLaws();
});

test('the grace period counts from the last detach', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.attach(file, '2');
  await registry.detach(file, '1');
  await registry.passTime('23 hours');
  await registry.detach(file, '2');

  await registry.passTime('23 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 0 });
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.passTime('61 minutes');
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
});

test('the youngest intent governs: detached, attached and detached again', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  await registry.passTime('25 hours');
  await registry.attach(file, '1');
  await registry.detach(file, '1');

  expect(await processor.drain()).toMatchObject({ condemned: 0, left: 2 });
  expect((await registry.intents(file)).map((intent) => intent.reason)).toEqual([
    'stored',
    'detached',
    'detached',
  ]);
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 1 });
  expect(await registry.intents(file)).toEqual([]);
});

test('an older intent of a reason with a longer period does not hold the youngest back', async () => {
  const patient = await registry.another({ gracePeriodMs: 0, unattachedTtlMs: 7 * 24 * 60 * 60 * 1000 });
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');

  expect(await patient.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.hasBytes(file)).toBe(false);
  await patient.module.close();
});

test('lengthening the grace period takes effect on what is pending, shortening it too', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  await registry.passTime('25 hours');

  const longer = await registry.another({ gracePeriodMs: 26 * 60 * 60 * 1000 });
  expect(await longer.processor.drain()).toMatchObject({ condemned: 0 });
  await longer.module.close();

  const shorter = await registry.another({ gracePeriodMs: 60 * 60 * 1000, unattachedTtlMs: 60 * 60 * 1000 });
  expect(await shorter.processor.drain()).toMatchObject({ condemned: 1 });
  await shorter.module.close();
});

test('a period of 0 lets a file go at the next pass, and not while it is attached', async () => {
  const hasty = await registry.another({ gracePeriodMs: 0, unattachedTtlMs: 0 });
  const file = await registry.store();
  await registry.attach(file, '1');

  expect(await hasty.processor.drain()).toMatchObject({ condemned: 0, dropped: 1 });
  await registry.detach(file, '1');
  expect(await hasty.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  await registry.assertLaws();
  await hasty.module.close();
});

test('an intent of an unknown reason is never due, and stats says so', async () => {
  const file = await registry.store();
  await pool.query(
    "insert into file_registry.deletion_outbox (file_id, reason) values ($1, 'from the future')",
    [file.id],
  );

  await registry.passTime('10 years');
  expect(await processor.drain()).toMatchObject({ condemned: 0, left: 1 });
  expect(await processor.stats()).toMatchObject({ pending: 2, due: 1, unknownReasons: 1 });
  expect(await registry.hasBytes(file)).toBe(true);

  // A younger intent that is known governs again, and takes the unknown one with it.
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 1 });
  expect(await processor.stats()).toMatchObject({ pending: 0, unknownReasons: 0 });
});

test('a rendition waits with its original and has no period of its own', async () => {
  const [original, rendition] = await registry.storeMany(2);
  if (original === undefined || rendition === undefined) throw new Error('two files were stored');
  await pool.query(
    "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=100x100')",
    [rendition.id, original.id],
  );
  await registry.attach(original, '1');
  await registry.detach(original, '1');

  await registry.passTime('23 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 0, deleted: 0 });
  await registry.passTime('2 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 2, deleted: 2 });
  expect(await registry.deletion(rendition)).toMatchObject({ state: 'deleted', reason: 'original' });
  await registry.assertLaws();
});

test('a rendition that an application let go keeps its grace period when its original goes', async () => {
  const [original, used, shown] = (await registry.storeMany(3)) as [StoredFile, StoredFile, StoredFile];
  for (const [index, rendition] of [used, shown].entries()) {
    await pool.query(
      "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, $3)",
      [rendition.id, original.id, `size=${index}`],
    );
    await registry.attach(rendition, '2', `slot ${index}`);
  }
  await registry.attach(original, '1');
  await registry.detach(shown, '2', 'slot 1');
  await registry.detach(original, '1');

  await registry.passTime('23 hours');
  await registry.detach(used, '2', 'slot 0');
  await registry.passTime('2 hours');
  expect(await processor.drain(), 'the original, and what was let go when it was').toMatchObject({
    deleted: 2,
  });
  expect(await registry.deletion(shown)).toMatchObject({ state: 'deleted', reason: 'original' });
  expect(await registry.hasBytes(used)).toBe(true);

  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  expect(await registry.deletion(used)).toMatchObject({ state: 'deleted', reason: 'detached' });
  await registry.assertLaws();
});

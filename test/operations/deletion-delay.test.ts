import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({
  gracePeriodMs: 0,
  processor: { deletionDelayMs: 60 * 60 * 1000, batchSize: 3 },
});
const { files, processor, pool } = registry;

test('condemned bytes stay for the delay, counted from when a processor first sees them', async () => {
  const stored = await Promise.all(Array.from({ length: 5 }, () => registry.store()));
  for (const file of stored) {
    await registry.attach(file, '1');
    await registry.detach(file, '1');
  }
  // Condemned long ago by a transaction that commits only now: its statement is old, its commit is not.
  await pool.query('delete from file_registry.files where id = $1', [stored[0]!.id]);
  await pool.query(`update file_registry.deletions set condemned_at = condemned_at - interval '59 minutes'`);

  expect(await processor.drain()).toMatchObject({ condemned: 4, deleted: 0 });
  await registry.passTime('59 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 0 });
  expect(await files.explain(stored[1]!)).toMatchObject({ state: 'pending' });
  for (const file of stored) {
    expect(await registry.hasBytes(file)).toBe(true);
  }

  await registry.passTime('2 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 5 });
  await registry.assertLaws();
});

test("an abandoned upload is nobody's row and is not delayed", async () => {
  const id = '01900000-0000-7000-8000-000000000001';
  await pool.query(`select file_registry.abandon_upload($1::uuid, 'media', $2)`, [id, `${id}-x`]);
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
});

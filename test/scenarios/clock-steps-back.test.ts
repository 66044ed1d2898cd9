import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ gracePeriodMs: 0 });
const token = '11111111-1111-4111-8111-111111111111';

test('bytes that were condemned by a clock that was ahead go by one that is right, as after a failover', async () => {
  const { pool, processor } = registry;
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  await pool.query(
    `select file_registry.settle('detached', 0, 10, '-infinity', 0, '{}', null, $1, 60000, '{media}')`,
    [token],
  );
  await pool.query(
    `update file_registry.deletions set condemned_at = condemned_at + interval '2 seconds' where file_id = $1`,
    [file.id],
  );
  await pool.query('select file_registry.release_deletions($1, array[$2]::uuid[])', [token, file.id]);

  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

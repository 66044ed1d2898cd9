import { Logger } from '@nestjs/common';
import { expect, test, vi } from 'vitest';
import { untilBlocked } from '../scenarios/support/until-blocked.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ gracePeriodMs: 0 });
const { processor, pool, database } = registry;

vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);

async function detachedFile() {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  return file;
}

test('a pause that is not committed holds nobody back', async () => {
  await processor.drain();
  await detachedFile();
  const application = await database.client();
  await application.query('begin');
  await application.query('select file_registry.pause()');
  expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
  await application.query('rollback');
});

test('on a new registry an open transaction that pauses stops the processor quietly, and for as long as it is open', async () => {
  await pool.query('update file_registry.settings set identity = null');
  const file = await detachedFile();
  const application = await database.client();
  await application.query('begin');
  await application.query('select file_registry.pause()');

  await processor.tick();
  expect(await processor.drain()).toMatchObject({ obstacle: 'paused', condemned: 0, deleted: 0 });
  expect(error).not.toHaveBeenCalled();
  expect(await registry.hasBytes(file)).toBe(true);

  await application.query('rollback');
  expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
});

test('of two environments that name a new registry at once, only the first may delete', async () => {
  await pool.query('update file_registry.settings set identity = null');
  const [first, second] = [await database.client(), await database.client()];
  await first.query('begin');
  expect((await first.query(`select file_registry.obstacle('production')`)).rows).toEqual([
    { obstacle: null },
  ]);
  const answer = second.query(`select file_registry.obstacle('staging')`);
  await untilBlocked(second, pool);
  await first.query('commit');
  expect((await answer).rows).toEqual([{ obstacle: 'foreign' }]);
  await processor.takeOwnership();
});

test('what was claimed before a pause is completed', async () => {
  const file = await detachedFile();
  await pool.query('delete from file_registry.files where id = $1', [file.id]);
  const token = '00000000-0000-4000-8000-000000000001';
  await pool.query(`select file_registry.claim_deletions('media', 10, $1, 60000)`, [token]);
  await processor.pause();
  const { rows } = await pool.query(
    'select file_registry.renew_lease($1, array[$2]::uuid[], 60000) as renewed, file_registry.complete_deletions($1, array[$2]::uuid[], 1000) as completed',
    [token, file.id],
  );
  expect(rows).toMatchObject([{ renewed: 1, completed: { completed: 1 } }]);
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted' });
  await processor.resume();
});

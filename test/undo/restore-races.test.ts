import { expect, test } from 'vitest';
import { awaitedLater } from '../support/awaited-later.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { untilBlocked } from '../scenarios/support/until-blocked.js';
import { addRendition } from './support/add-rendition.js';

const registry = await createTestRegistry({ gracePeriodMs: 0 });
const { files, processor, pool, database, db } = registry;

const settle = "select file_registry.settle('detached', 0, 100, '-infinity', 0)";

async function detachedFile(id: string) {
  const file = await registry.store();
  await registry.attach(file, id);
  await registry.detach(file, id);
  return file;
}

test('a restore before the settle makes it pass the file by', async () => {
  const file = await detachedFile('1');
  const [restoring, settling] = [await database.begun(), await database.begun()];
  expect(await files.in(restoring).restore(file)).toEqual({ restored: 1 });
  await settling.query(settle);
  await settling.query('commit');
  await restoring.query('commit');
  await processor.drain();
  expect(await files.count(file)).toBe(1);
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('a restore during the settle learns that the file is condemned; of a record, the other files come back', async () => {
  const condemned = await detachedFile('2');
  const [restoring, byOwner, settling] = [
    await database.begun(),
    await database.begun(),
    await database.begun(),
  ];
  await settling.query(settle);
  const kept = await detachedFile('2');
  const restored = awaitedLater(files.in(restoring).restore(condemned));
  const restoredOwner = files.in(byOwner).restore({ type: 'article', id: '2' });
  await untilBlocked(restoring, pool);
  await untilBlocked(byOwner, pool);
  await settling.query('commit');
  await expect(restored).rejects.toMatchObject({ code: 'FILE_CONDEMNED' });
  expect(await restoredOwner).toEqual({ restored: 1 });
  await restoring.query('commit');
  await byOwner.query('commit');
  await processor.drain();
  expect([await registry.hasBytes(condemned), await registry.hasBytes(kept)]).toEqual([false, true]);
  await registry.assertLaws();
});

test('in REPEATABLE READ a file that was condemned since is a conflict to run again', async () => {
  const file = await detachedFile('3');
  const restoring = await database.begun('repeatable read');
  await restoring.query('select from file_registry.files');
  await processor.drain();
  await expect(files.in(restoring).restore(file)).rejects.toMatchObject({ code: 'TRANSACTION_CONFLICT' });
  await restoring.query('rollback');
  await registry.assertLaws();
});

test('in REPEATABLE READ a file that is still there comes back', async () => {
  const file = await detachedFile('4');
  const restoring = await database.begun('repeatable read');
  expect(await files.in(restoring).restore(file)).toEqual({ restored: 1 });
  await restoring.query('commit');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);
});

test('a rendition comes back to its original, and stays away where that is gone or going', async () => {
  const [original, small] = [await detachedFile('5'), await registry.store()];
  await registry.attach(small, 'other');
  await addRendition(pool, original, small, 'small');
  const drop = `delete from file_registry.file_references where owner_type = 'file' and file_id = $1`;
  await pool.query(drop, [small.id]);
  const restore = () => db.transaction().execute((trx) => files.in(trx).restore(small));
  expect(await restore()).toEqual({ restored: 1 });
  await pool.query(drop, [small.id]);

  const [restoring, settling] = [await database.begun(), await database.begun()];
  await settling.query(settle);
  const restored = awaitedLater(files.in(restoring).restore(small));
  await untilBlocked(restoring, pool);
  await settling.query('commit');
  expect(await restored).toEqual({ restored: 0 });
  await restoring.query('commit');
  expect(await restore()).toEqual({ restored: 0 });
  expect(await files.find(original)).toBeNull();
  await processor.drain();
  expect(await registry.hasBytes(small)).toBe(true);
  await registry.assertLaws();
});

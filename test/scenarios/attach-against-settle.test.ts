import { awaitedLater } from '../support/awaited-later.js';
import { FileCondemnedError } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { untilBlocked } from './support/until-blocked.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { database, files, pool, processor } = registry;

const owner = { type: 'article', id: '1', slot: 'cover' };
const settle = "select file_registry.settle('stored', 0, 100, '-infinity', 0)";

test('a file attached while the processor passes it by stays, others go, and nobody waits', async () => {
  const [held, ...others] = await registry.storeMany(5);
  if (!held) throw new Error('five files were stored');
  const application = await database.client();
  await application.query('begin');
  await files.in(application).attach(held, owner);

  expect(await processor.drain()).toMatchObject({ condemned: 4, deleted: 4, left: 1, unsettled: 0 });
  // The attach is still open: it is not visible, and its lock is still there.
  expect(await files.count(held)).toBe(0);
  await expect(
    pool.query('select from file_registry.files where id = $1 for update nowait', [held.id]),
  ).rejects.toMatchObject({ code: '55P03' });

  await application.query('commit');
  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 1 });
  expect(await registry.hasBytes(held)).toBe(true);
  expect(await files.count(held)).toBe(1);
  for (const file of others) expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

test('an attach that was held open and is rolled back lets the file go at the next sweep', async () => {
  const file = await registry.store();
  const application = await database.client();
  await application.query('begin');
  await files.in(application).attach(file, owner);
  expect(await processor.drain()).toMatchObject({ condemned: 0, left: 1 });

  await application.query('rollback');
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

test('an attach whose session dies lets the file go at the next sweep', async () => {
  const file = await registry.store();
  const application = await database.client();
  await application.query('begin');
  await files.in(application).attach(file, owner);
  expect(await processor.drain()).toMatchObject({ left: 1 });

  await database.disconnectAll();
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  await registry.assertLaws();
});

test('an attach that comes during the settle learns that the file is condemned, and its transaction goes on', async () => {
  const [condemned, kept] = await registry.storeMany(2);
  if (!condemned || !kept) throw new Error('two files were stored');
  await registry.attach(kept, '9');
  const settling = await database.client();
  const application = await database.client();
  await settling.query('begin');
  await settling.query(settle);

  await application.query('begin');
  const attaching = awaitedLater(files.in(application).attach([kept, condemned], owner));
  await untilBlocked(application, pool);
  await settling.query('commit');
  await expect(attaching).rejects.toThrow(FileCondemnedError);

  // All or none, and the transaction is usable.
  expect(await files.in(application).attach(kept, owner)).toEqual({ attached: 1 });
  await application.query('commit');
  expect(await files.references(kept)).toHaveLength(2);
  await processor.drain();
  expect(await registry.hasBytes(condemned)).toBe(false);
  expect(await registry.hasBytes(kept)).toBe(true);
  await registry.assertLaws();
});

test('an attach that comes during a settle that fails in the end succeeds', async () => {
  const file = await registry.store();
  const settling = await database.client();
  const application = await database.client();
  await settling.query('begin');
  await settling.query(settle);
  await application.query('begin');
  const attaching = awaitedLater(files.in(application).attach(file, owner));
  await untilBlocked(application, pool);

  await settling.query('rollback');
  expect(await attaching).toEqual({ attached: 1 });
  await application.query('commit');
  expect(await processor.drain()).toMatchObject({ condemned: 0 });
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('a reference that is inserted by hand during the settle is refused by the foreign key', async () => {
  const file = await registry.store();
  const settling = await database.client();
  const application = await database.client();
  await settling.query('begin');
  await settling.query(settle);
  const inserting = awaitedLater(
    application.query(
      "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'a', '1', 's')",
      [file.id],
    ),
  );
  await untilBlocked(application, pool);

  await settling.query('commit');
  await expect(inserting).rejects.toMatchObject({ code: '23503' });
  await registry.assertLaws();
});

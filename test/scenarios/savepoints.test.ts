import { sql } from 'kysely';
import { FileNotFoundError } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { database, db, files, processor } = registry;

const cover = (id: string) => ({ type: 'article', id, slot: 'cover' });

test('an attach in a savepoint that is rolled back lets the file go', async () => {
  const [inside, outside] = await registry.storeMany(2);
  if (!inside || !outside) throw new Error('two files were stored');
  await db.transaction().execute(async (trx) => {
    await files.in(trx).attach(outside, cover('1'));
    await sql`savepoint inner_part`.execute(trx);
    await files.in(trx).attach(inside, cover('1'));
    await sql`rollback to savepoint inner_part`.execute(trx);
  });

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.hasBytes(inside)).toBe(false);
  expect(await registry.hasBytes(outside)).toBe(true);
  await registry.assertLaws();
});

test('while the transaction of a rolled back savepoint is open, the file is passed by or goes, and nothing breaks', async () => {
  const file = await registry.store();
  const application = await database.client();
  await application.query('begin');
  await application.query('savepoint inner_part');
  await files.in(application).attach(file, cover('1'));
  await application.query('rollback to savepoint inner_part');

  await processor.drain();
  await application.query('commit');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

test('a detach in a savepoint that is rolled back keeps the file and notes nothing', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await processor.drain();
  const application = await database.client();
  await application.query('begin');
  await application.query('savepoint inner_part');
  await files.in(application).detach(file, cover('1'));
  await application.query('rollback to savepoint inner_part');
  await application.query('commit');

  expect(await registry.intents(file)).toEqual([]);
  expect(await processor.drain()).toMatchObject({ condemned: 0 });
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('a replacement in a savepoint that is rolled back keeps the old file, the new one goes', async () => {
  const [before, after] = await registry.storeMany(2);
  if (!before || !after) throw new Error('two files were stored');
  await registry.attach(before, '1');
  await db.transaction().execute(async (trx) => {
    await sql`savepoint inner_part`.execute(trx);
    await files.in(trx).replace(cover('1'), after);
    await sql`rollback to savepoint inner_part`.execute(trx);
  });

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await files.filesOf({ type: 'article', id: '1' })).toMatchObject([{ id: before.id }]);
  expect(await registry.hasBytes(after)).toBe(false);
  await registry.assertLaws();
});

test('a savepoint that is released counts, also after a verb failed in another one', async () => {
  const file = await registry.store();
  await db.transaction().execute(async (trx) => {
    await sql`savepoint failing`.execute(trx);
    const attaching = files.in(trx).attach('01900000-0000-7000-8000-000000000000', cover('1'));
    await expect(attaching).rejects.toThrow(FileNotFoundError);
    await expect(sql`select 1 / 0`.execute(trx)).rejects.toThrow('division by zero');
    await sql`rollback to savepoint failing`.execute(trx);
    await sql`savepoint inner_part`.execute(trx);
    await files.in(trx).attach(file, cover('1'));
    await sql`release savepoint inner_part`.execute(trx);
  });

  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 1 });
  expect(await registry.hasBytes(file)).toBe(true);
});

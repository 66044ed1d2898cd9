import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';

const options = { gracePeriodMs: 0, unattachedTtlMs: 0 };
const registry = await createWatchedRegistry(options);
const { database, files } = registry;

const cover = (id: string) => ({ type: 'article', id, slot: 'cover' });

async function sharedFile() {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.attach(file, '2');
  return file;
}

/** Detaches the file from both owners in two transactions that are open at the same time. */
async function detachBoth(file: { id: string }, begin = 'begin') {
  const [first, second] = [await database.client(), await database.client()];
  for (const session of [first, second]) {
    await session.query(begin);
    await session.query('select 1');
  }
  expect(await files.in(first).detach(file.id, cover('1'))).toEqual({ detached: 1 });
  expect(await files.in(second).detach(file.id, cover('2'))).toEqual({ detached: 1 });
  return { first, second };
}

test.for(['begin', 'begin isolation level repeatable read'])(
  'the last two references detached at once let the file go, exactly once (%s)',
  async (begin) => {
    const other = await registry.another(options);
    const file = await sharedFile();
    const { first, second } = await detachBoth(file, begin);
    expect(await registry.processor.drain(), 'both are open').toMatchObject({ condemned: 0 });

    await Promise.all([first.query('commit'), second.query('commit')]);
    await Promise.all([registry, other].map(({ processor }) => processor.drain()));

    expect([...registry.storage.keys, ...other.storage.keys]).toEqual([file.key]);
    expect(await registry.deletion(file)).toMatchObject({
      state: 'deleted',
      attempts: 1,
      last_owners: expect.arrayContaining([
        expect.objectContaining({ id: '1' }),
        expect.objectContaining({ id: '2' }),
      ]),
    });
    await registry.assertLaws();
    await other.module.close();
  },
);

test('the processor between the two commits drops nothing that the second one needs', async () => {
  const file = await sharedFile();
  const { first, second } = await detachBoth(file);
  await first.query('commit');
  expect(await registry.processor.drain()).toMatchObject({ condemned: 0 });
  await second.query('commit');

  // The second intent was noted before the first one was dropped, and commits after it.
  expect(await registry.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  await registry.assertLaws();
});

test('one of the two is rolled back: the file stays', async () => {
  const file = await sharedFile();
  const { first, second } = await detachBoth(file);
  await first.query('commit');
  await second.query('rollback');

  expect(await registry.processor.drain()).toMatchObject({ condemned: 0 });
  expect(await registry.hasBytes(file)).toBe(true);
  expect(await files.references(file)).toMatchObject([{ id: '2' }]);
  await registry.assertLaws();
});

test('the last reference is detached while another transaction attaches: the file stays', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  const attaching = await database.client();
  await attaching.query('begin');
  await files.in(attaching).attach(file, cover('2'));
  await registry.detach(file, '1');

  expect(await registry.processor.drain()).toMatchObject({ condemned: 0, left: 2 });
  await attaching.query('commit');
  expect(await registry.processor.drain()).toMatchObject({ condemned: 0, dropped: 2 });
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('a thousand references detached by many sessions at once leave one file to go', async () => {
  const file = await registry.store();
  await registry.db
    .transaction()
    .execute((trx) =>
      files
        .in(trx)
        .attachMany(Array.from({ length: 1000 }, (_, n) => ({ file, owner: cover(`${n % 10}-${n}`) }))),
    );
  await Promise.all(
    Array.from({ length: 10 }, (_, session) =>
      registry.pool.query('delete from file_registry.file_references where owner_id like $1', [
        `${session}-%`,
      ]),
    ),
  );

  expect(await registry.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(registry.storage.keys).toEqual([file.key]);
  expect(await registry.processor.stats()).toMatchObject({ pending: 0 });
  await registry.assertLaws();
});

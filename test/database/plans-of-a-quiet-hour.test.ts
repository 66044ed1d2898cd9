import { expect, test } from 'vitest';
import { createAttackedDatabase } from '../laws/support/attacked-database.js';
import { watchedSession } from './support/watched-session.js';

// A session keeps the plans that it made while tables were small, and statistics are always late. Neither may let a batch read
// a whole table, or compare each of its rows with each other.
const attacked = await createAttackedDatabase();
const batch = 1000;
const token = '11111111-1111-4111-8111-111111111111';

const files = (count: number) =>
  `insert into file_registry.files (id, storage, key, content_type, size)
   select id, 'media', '2026/11/' || id || '.jpg', 'image/jpeg', 1
     from (select gen_random_uuid() as id from generate_series(1, ${count})) g`;

const attachAll = `
  insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
  select id, 'article', id::text, 'cover' from file_registry.files
      on conflict do nothing`;

const settle = (count: number) => `select file_registry.settle('stored', 0, ${count}, '-infinity', 0)`;

const condemned = (count: number, leasedTo: string | null) =>
  `insert into file_registry.deletions (file_id, storage, key, reason, state, lease_token)
   select id, 'media', '2026/11/' || id || '.jpg', 'direct', 'condemned', ${leasedTo === null ? 'null' : `'${leasedTo}'`}
     from (select gen_random_uuid() as id from generate_series(1, ${count})) g
   returning file_id as id`;

/** Autovacuum would bring the statistics, sooner or later. */
for (const table of ['files', 'deletion_outbox', 'deletions'])
  await attacked.sql(`alter table file_registry.${table} set (autovacuum_enabled = off)`);

test('a settle reads no whole table by a plan that uploads had made for a few files', async () => {
  await attacked.sql(files(20));
  await attacked.sql('vacuum analyze file_registry.files');
  const { session, readInVain } = await watchedSession(attacked);
  for (let upload = 0; upload < 8; upload++) {
    await session.query(
      `select file_registry.reserve(id, 'media', '2026/11/' || id, null, 100000) from (select gen_random_uuid() as id) g`,
    );
  }
  await session.query(files(20 * batch));
  readInVain();

  await session.query(settle(batch));
  expect(readInVain()).toBeLessThanOrEqual(3 * batch);
});

test.for([false, true])(
  'a settle looks up each file by its id in a young registry, whose statistics tell of five files (attached: %s)',
  async (attached) => {
    await attacked.sql('delete from file_registry.file_references');
    await attacked.sql(settle(100 * batch));
    await attacked.sql('delete from file_registry.files');
    await attacked.sql(files(5));
    await attacked.sql('vacuum analyze');
    const { session, readInVain } = await watchedSession(attacked);
    await session.query(settle(1));
    await session.query(files(5 * batch));
    if (attached) await attacked.sql(attachAll);
    readInVain();

    await session.query(settle(5 * batch));
    expect(readInVain()).toBeLessThanOrEqual(15 * batch);
  },
);

test('a settle does not compare its files with its intents by a plan made for a single file', async () => {
  await attacked.sql(files(20 * batch));
  await attacked.sql('analyze file_registry.files'); // for the foreign key's own plan
  await attacked.sql(attachAll);
  await attacked.sql(settle(100 * batch));
  await attacked.sql('vacuum analyze');
  await attacked.sql(files(1));
  await attacked.sql('analyze file_registry.deletion_outbox');
  const { session, readInVain } = await watchedSession(attacked);
  for (let single = 0; single < 8; single++) {
    await session.query(settle(1));
    await session.query(files(1));
  }
  await session.query(files(batch));
  readInVain();

  await session.query(settle(batch));
  expect(readInVain()).toBeLessThanOrEqual(3 * batch);
});

test('completing reads no whole queue by a plan made while nothing was pending', async () => {
  await attacked.sql(
    `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, deleted_at)
     select id, 'media', '2026/11/' || id || '.jpg', 'direct', 'deleted', null, now()
       from (select gen_random_uuid() as id from generate_series(1, ${50 * batch})) g`,
  );
  await attacked.sql(
    `update file_registry.deletions set state = 'deleted', next_attempt_at = null, deleted_at = now() where state = 'condemned'`,
  );
  await attacked.sql('vacuum full analyze file_registry.deletions');
  const { session, readInVain } = await watchedSession(attacked);
  const complete = async (count: number) => {
    const ids = (await attacked.sql(condemned(count, token))).map(({ id }) => id);
    await session.query('select file_registry.complete_deletions($1, $2, 1000)', [token, ids]);
  };
  for (let quiet = 0; quiet < 8; quiet++) await complete(50);
  await attacked.sql(condemned(50 * batch, null));
  readInVain();

  await complete(batch);
  await complete(batch);
  expect(readInVain()).toBeLessThanOrEqual(3 * batch);
});

import { expect, test } from 'vitest';
import { createAttackedDatabase } from '../laws/support/attacked-database.js';
import { watchedSession } from './support/watched-session.js';

const attacked = await createAttackedDatabase();
const batch = 100;
const backlog = 50 * batch;

/** Autovacuum would bring the statistics, sooner or later. */
for (const table of ['files', 'deletion_outbox', 'deletions'])
  await attacked.sql(`alter table file_registry.${table} set (autovacuum_enabled = off)`);
await attacked.sql('analyze');

const id = `(select gen_random_uuid() as id from generate_series(1, ${backlog})) g`;
await attacked.sql(
  `insert into file_registry.files (id, storage, key, content_type, size)
   select id, 'media', id || '.jpg', 'image/jpeg', 1 from ${id}`,
);
await attacked.sql(
  `insert into file_registry.deletions (file_id, storage, key, reason, state)
   select id, 'media', id || '.jpg', 'direct', 'condemned' from ${id}`,
);
await attacked.sql(
  `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, deleted_at)
   select id, 'media', id || '.jpg', 'direct', 'deleted', null, now() - interval '1 hour' from ${id}`,
);

// By statistics of empty tables it is as cheap to read and sort everything that is due as to read the first of it by an index.
test.each([
  ['settle', `settle('stored', 0, ${batch}, '-infinity', 0)`],
  ['claim_deletions', `claim_deletions('media', ${batch}, gen_random_uuid(), 60000)`],
  ['prune_receipts', `prune_receipts(0, ${batch})`],
])('%s reads a batch of its backlog, though statistics tell of an empty table', async (_step, call) => {
  const { session, read } = await watchedSession(attacked);
  await session.query(`select file_registry.${call}`);
  const rows = read();
  expect(rows).toBeGreaterThanOrEqual(batch);
  expect(rows).toBeLessThanOrEqual(2 * batch);
});

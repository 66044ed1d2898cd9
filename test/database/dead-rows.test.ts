import { expect, test } from 'vitest';
import { createAttackedDatabase } from '../laws/support/attacked-database.js';

// What went stays in tables and indexes as dead rows as long as somebody's snapshot may see it, and whoever looks for the first
// row that is due passes all of them by. The marks are there so that this is done once a sweep and not once a step.
const attacked = await createAttackedDatabase();
const count = 20_000;
const id = `(select gen_random_uuid() as id from generate_series(1, ${count})) g`;

const snapshot = await attacked.session();
await snapshot.query('begin isolation level repeatable read');
await snapshot.query('select from file_registry.settings');

const superuser = await attacked.session();
for (const statement of [
  'set session_replication_role = replica',
  `insert into file_registry.deletions (file_id, storage, key, reason, state, condemned_at, next_attempt_at)
   select id, 'media', id || '.jpg', 'direct', 'condemned', now() - interval '3 hours', now() - interval '3 hours' from ${id}`,
  `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, deleted_at)
   select id, 'media', id || '.jpg', 'direct', 'deleted', null, now() - interval '3 hours' from ${id}`,
  `insert into file_registry.deletion_outbox (file_id, reason, noted_at)
   select id, 'detached', now() - interval '3 hours' from ${id}`,
  'delete from file_registry.deletions',
  'delete from file_registry.deletion_outbox',
])
  await superuser.query(statement);

async function pagesRead(call: string): Promise<number> {
  const [row] = await attacked.sql(`explain (analyze, buffers, format json) select file_registry.${call}`);
  const [{ Plan: plan }] = row['QUERY PLAN'];
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

const policies = (after: string) =>
  `[{ "reason": "detached", "periodMs": 0, "afterNotedAt": "${after}", "afterSeq": 0 }]`;

test.each<[string, (mark: string) => string]>([
  ['due_work', (mark) => `due_work('${policies(mark)}', '{media}', 0, null, '${mark}')`],
  ['settle', (mark) => `settle('detached', 0, 100, '${mark}', 0)`],
  ['claim_deletions', (mark) => `claim_deletions('media', 100, gen_random_uuid(), 60000, 0, '${mark}')`],
  ['claim_deletions, delayed', (mark) => `claim_deletions('media', 100, gen_random_uuid(), 1, 1, '${mark}')`],
  ['prune_receipts', (mark) => `prune_receipts(0, 100, '${mark}')`],
])('%s passes by what went before its mark without reading it', async (_step, call) => {
  const [{ mark }] = await attacked.sql(`select to_json(now() - interval '1 hour') as mark`);
  await pagesRead(call('-infinity')); // fills the session's caches
  const withoutMark = await pagesRead(call('-infinity'));
  expect(withoutMark).toBeGreaterThan(300);
  expect(await pagesRead(call(mark))).toBeLessThan(withoutMark / 3);
});

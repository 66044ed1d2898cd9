import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const hourMs = 60 * 60 * 1000;
const registry = await createTestRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 0,
  processor: { deletionDelayMs: hourMs, batchSize: 3 },
});
const { files, processor, pool, db, database } = registry;

/** A processor whose delay is another one. */
async function claim(delayMs: number): Promise<string[]> {
  const { rows } = await pool.query<{ claimed: { fileId: string }[] }>(
    `select file_registry.claim_deletions('media', 100, gen_random_uuid(), 60000, $1) as claimed`,
    [delayMs],
  );
  return rows[0]!.claimed.map(({ fileId }) => fileId);
}

async function condemned(count: number) {
  const stored = await Promise.all(Array.from({ length: count }, () => registry.store()));
  await pool.query('delete from file_registry.files where id = any($1)', [stored.map(({ id }) => id)]);
  return stored;
}

test('one pass sees a whole backlog, so that the delay of all of it begins', async () => {
  await condemned(20);
  expect(await processor.drain()).toMatchObject({ deleted: 0 });
  await registry.passTime('61 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 20 });
});

test('what is due now is deleted beside what is seen for the first time', async () => {
  await condemned(4);
  await processor.drain();
  await registry.passTime('61 minutes');
  const young = await condemned(7);
  expect(await processor.drain()).toMatchObject({ deleted: 4 });
  for (const file of young) expect(await registry.hasBytes(file)).toBe(true);
  await registry.passTime('61 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 7 });
});

test('a longer delay holds for what is pending; a shorter one waits no longer than before', async () => {
  const [file] = await condemned(1);
  expect(await claim(hourMs)).toEqual([]);
  await registry.passTime('61 minutes');
  expect(await claim(2 * hourMs)).toEqual([]);
  await registry.passTime('61 minutes');
  expect(await claim(hourMs / 2)).toEqual([]);
  await registry.passTime('60 minutes');
  expect(await claim(hourMs / 2)).toEqual([file!.id]);
  await registry.passTime('1 day');
  await processor.drain();
});

test('an interrupted lease, a failure and a retry on demand do not begin the delay anew, nor cut it short', async () => {
  const [file] = await condemned(1);
  await claim(hourMs);
  await registry.passTime('61 minutes');
  expect(await claim(hourMs)).toEqual([file!.id]);
  await registry.passTime('2 minutes');
  expect(await claim(hourMs)).toEqual([file!.id]);
  await pool.query(
    `update file_registry.deletions set next_attempt_at = 'infinity', lease_token = null where file_id = $1`,
    [file!.id],
  );
  expect(await processor.retryStuck()).toBe(1);
  expect(await processor.drain()).toMatchObject({ deleted: 1 });

  const [young] = await condemned(1);
  await pool.query(`update file_registry.deletions set next_attempt_at = 'infinity' where file_id = $1`, [
    young!.id,
  ]);
  await processor.retryStuck();
  expect(await processor.drain()).toMatchObject({ deleted: 0 });
});

test('the delay of an erasure counts from its commit, not from its statement', async () => {
  const file = await registry.store();
  const session = await database.client();
  await session.query('begin');
  await files.in(session).erase(file);
  await session.query(
    `set local session_replication_role = replica;
     update file_registry.deletions set condemned_at = condemned_at - interval '1 day', next_attempt_at = next_attempt_at - interval '1 day' where file_id = '${file.id}'`,
  );
  await processor.drain();
  await session.query('commit');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.passTime('61 minutes');
  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

test('a redaction that is held open keeps only its own row from its receipt', async () => {
  const [held, other] = await condemned(2);
  const token = '00000000-0000-4000-8000-000000000002';
  await pool.query(`select file_registry.claim_deletions('media', 10, $1, 60000)`, [token]);
  const session = await database.client();
  await session.query('begin');
  await files.in(session).redact(held!);

  const complete = () =>
    pool.query(`select file_registry.complete_deletions($1, $2::uuid[], 1000) -> 'completed' as completed`, [
      token,
      [held!.id, other!.id],
    ]);
  expect((await complete()).rows).toEqual([{ completed: 1 }]);
  expect(await registry.deletion(other!)).toMatchObject({ state: 'deleted' });
  await session.query('commit');
  expect((await complete()).rows).toEqual([{ completed: 1 }]);
  expect(await db.transaction().execute((trx) => files.in(trx).redact([held!, other!]))).toEqual({
    redacted: 2,
  });
});

import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const hourMs = 60 * 60 * 1000;
const registry = await createTestRegistry({ processor: { deletionDelayMs: hourMs } });
const { files, processor, pool, db } = registry;

test('an intent of an unknown reason is never due, and the text says what to do', async () => {
  const file = await registry.store();
  await pool.query(`insert into file_registry.deletion_outbox (file_id, reason) values ($1, 'tomorrow')`, [
    file.id,
  ]);
  const { state, intents, text } = await files.explain(file);
  expect(state).toBe('waiting');
  expect(intents[0]).toMatchObject({ reason: 'tomorrow', dueAt: null });
  expect(text).toMatch(/does not know the reason.*never due.*Update/);
  expect(text).not.toMatch(/until never|undefined/);
  await registry.passTime('100 days');
  expect(await processor.drain()).toMatchObject({ condemned: 0 });
});

test('a file that a privileged hand left without an intent is told as such', async () => {
  const file = await registry.store();
  await pool.query(
    `set local session_replication_role = replica; delete from file_registry.deletion_outbox where file_id = '${file.id}'`,
  );
  const { text } = await files.explain(file);
  expect(text).toMatch(/no intent.*verify\(\)/);
  expect(text).not.toMatch(/never,|undefined/);
  await registry.attach(file, 'found');
});

test('a pause and a foreign identity are told where they hold the file back', async () => {
  const file = await registry.store();
  await registry.passTime('25 hours');
  await processor.pause();
  expect((await files.explain(file)).text).toMatch(/paused since .*resume\(\)/);
  await processor.resume();
  await pool.query(`update file_registry.settings set identity = '{"databaseOid": 1, "environment": null}'`);
  expect((await files.explain(file)).text).toMatch(/another database.*takeOwnership\(\)/);
  await processor.takeOwnership();
  expect((await files.explain(file)).text).not.toMatch(/Nothing is deleted now/);
});

test('bytes that wait for the deletion delay are said to wait, seen by a processor or not', async () => {
  const file = await registry.store();
  await pool.query('delete from file_registry.files where id = $1', [file.id]);
  for (const seen of [false, true]) {
    if (seen) await processor.drain();
    const { state, deletion } = await files.explain(file);
    expect(state).toBe('pending');
    const waits = deletion!.nextAttemptAt!.getTime() - deletion!.condemnedAt.getTime();
    expect(waits).toBeGreaterThanOrEqual(hourMs);
  }
});

test('the answer stays small, however many hold the file, held it, or let go of it', async () => {
  const file = await registry.store();
  const pairs = Array.from({ length: 5000 }, (_, id) => ({
    file,
    owner: { type: 'article', id, slot: 'cover' },
  }));
  await db.transaction().execute((trx) => files.in(trx).attachMany(pairs));
  const held = await files.explain(file);
  expect(held).toMatchObject({ state: 'held', refCount: 5000 });
  expect(held.references).toHaveLength(10);
  expect(held.text).toContain('and 4990 more');

  await pool.query('delete from file_registry.file_references where file_id = $1', [file.id]);
  expect((await files.explain(file)).intents).toHaveLength(10);
  await db.transaction().execute((trx) => files.in(trx).erase(file, { redact: true }));
  const erased = await files.explain(file);
  expect(erased.deletion?.lastOwners).toHaveLength(100);
  expect(JSON.stringify(erased).length).toBeLessThan(20_000);
  expect(new Set(erased.deletion?.lastOwners.map(({ id }) => id))).toEqual(new Set([null]));

  await registry.passTime('2 hours');
  await processor.drain();
  await registry.passTime('2 hours');
  await processor.drain();
  expect((await files.explain(file)).text).toMatch(/is gone: .*last held by article\/\(redacted\)\/cover/);
});

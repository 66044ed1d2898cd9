import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { database, pool, processor } = registry;

/** A file without references and with three intents: stored, detached, detached. */
async function fileWithIntents() {
  const file = await registry.store();
  for (let n = 0; n < 2; n++) {
    await registry.attach(file, '1');
    await registry.detach(file, '1');
  }
  return { file, intents: await registry.intents(file) };
}

test('an intent that loses to a younger one is not dropped', async () => {
  const { file, intents } = await fileWithIntents();
  const other = await database.client();
  await other.query('begin');
  await other.query('select from file_registry.deletion_outbox where seq = $1 for update', [intents[2]?.seq]);

  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 0, left: 2 });
  expect(await registry.intents(file)).toEqual(intents);

  await other.query('rollback');
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.intents(file)).toEqual([]);
  await registry.assertLaws();
});

test('two sessions cannot each drop an intent and rely on the one that the other drops', async () => {
  const { file, intents } = await fileWithIntents();
  const [first, second] = [await database.client(), await database.client()];
  const drop = 'delete from file_registry.deletion_outbox where seq = any($1)';
  await first.query('begin');
  await second.query('begin');
  await first.query(drop, [[intents[0]?.seq]]); // relies on the other two, and locks them

  await second.query("set local lock_timeout = '50ms'");
  await expect(second.query(drop, [[intents[1]?.seq, intents[2]?.seq]])).rejects.toMatchObject({
    code: '55P03',
  });
  await second.query('rollback');
  await first.query('commit');

  await expect(pool.query(drop, [intents.map((intent) => intent.seq)])).rejects.toMatchObject({
    code: '23001',
  });
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.hasBytes(file)).toBe(false);
  await registry.assertLaws();
});

test('intents of a file whose row an attach holds are all left, and all dropped once it commits', async () => {
  const { file } = await fileWithIntents();
  const application = await database.client();
  await application.query('begin');
  await registry.files.in(application).attach(file, { type: 'article', id: '1', slot: 'cover' });

  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 0, left: 3 });
  await application.query('commit');
  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 3, left: 0 });
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('condemning a file drops every intent of it but those another session holds, which go later', async () => {
  const { file, intents } = await fileWithIntents();
  const other = await database.client();
  await other.query('begin');
  await other.query('select from file_registry.deletion_outbox where seq = $1 for update', [intents[0]?.seq]);

  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(await registry.intents(file)).toEqual([intents[0]]);
  await other.query('rollback');
  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 1 });
  expect(await registry.intents(file)).toEqual([]);
});

import { beforeEach, expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp, hookedAppOfFile } from './support/hooked-app.js';
import { idsOf, recorder, type Recorder } from './support/recorder.js';

const registry = await createWatchedRegistry();
const { database, files, db, pool } = registry;
const Hooks = recorder({ batchSize: 4 });
const { app, processor, storage } = await hookedAppOfFile(registry, { providers: [Hooks] });
let hooks: Recorder;

beforeEach(() => {
  hooks = Object.assign(app.get(Hooks), { onBefore: () => 0, onAfter: () => 0, onFailed: () => 0 });
  for (const calls of [hooks.before, hooks.after, hooks.failed]) calls.length = 0;
  storage.reset();
});

test('the hooks before and after are told what goes, who held it last, and why', async () => {
  const file = await registry.store('bytes', 'cover.jpg');
  await registry.attach(file, '7');
  await registry.attach(file, '7', 'teaser');
  await registry.detach(file, '7');
  await registry.detach(file, '7', 'teaser');
  await processor.drain();

  const owner = { type: 'article', id: '7', detachedAt: expect.any(Date) };
  const deletion = {
    fileId: file.id,
    storage: 'media',
    key: file.key,
    versionId: null,
    filename: 'cover.jpg',
    size: 5,
    reason: 'detached',
    lastOwners: [
      { ...owner, slot: 'cover' },
      { ...owner, slot: 'teaser' },
    ],
    attempts: 1,
    condemnedAt: expect.any(Date),
  };
  expect(hooks.before).toEqual([[deletion]]);
  expect(hooks.after).toEqual([[deletion]]);
  expect(hooks.failed).toEqual([]);
});

test('first the hook before, then the bytes, then the hook after, then the receipt', async () => {
  const file = await registry.store();
  const seen: unknown[] = [];
  const look = async (when: string) =>
    seen.push([when, await registry.hasBytes(file), (await registry.deletion(file))?.state]);
  hooks.onBefore = () => look('before');
  hooks.onAfter = () => look('after');
  await processor.drain();
  await look('in the end');

  expect(seen).toEqual([
    ['before', true, 'condemned'],
    ['after', false, 'condemned'],
    ['in the end', false, 'deleted'],
  ]);
});

test('they are called in batches of the size that was asked for', async () => {
  const stored = await registry.storeMany(10);
  expect(await processor.drain()).toMatchObject({ deleted: 10 });

  expect(hooks.before.map((call) => call.length)).toEqual([4, 4, 2]);
  expect(hooks.after.map((call) => call.length)).toEqual([4, 4, 2]);
  expect(idsOf(hooks.after)).toEqual(stored.map(({ id }) => id).toSorted());
});

test('a failed deletion goes to the hook for failures, with what the storage said', async () => {
  const [retried, refused, gone] = await registry.storeMany(3);
  const errors = new Map([
    [retried!.key, { message: 'slow down', permanent: false }],
    [refused!.key, { message: 'access denied', permanent: true }],
  ]);
  storage.onDelete = async (objects, proceed) => {
    await proceed(objects.filter(({ key }) => !errors.has(key)));
    return objects.map(({ key }) => ({ key, error: errors.get(key) }));
  };
  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 2, stuck: 1 });

  expect(idsOf(hooks.after)).toEqual([gone!.id]);
  const [failures] = hooks.failed;
  expect(failures).toHaveLength(2);
  expect(failures).toContainEqual(
    expect.objectContaining({
      fileId: retried!.id,
      error: 'slow down',
      permanent: false,
      attempts: 1,
      willRetry: true,
    }),
  );
  expect(failures).toContainEqual(
    expect.objectContaining({
      fileId: refused!.id,
      error: 'access denied',
      permanent: true,
      willRetry: false,
    }),
  );
});

test('renditions go through the hooks behind their original, held by it', async () => {
  const [original, rendition] = await registry.storeMany(2);
  await pool.query(
    "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=s')",
    [rendition!.id, original!.id],
  );
  await processor.drain();

  expect(idsOf(hooks.after)).toEqual([original!.id, rendition!.id].toSorted());
  expect(hooks.after.flat().find(({ fileId }) => fileId === rendition!.id)).toMatchObject({
    reason: 'original',
    lastOwners: [{ type: 'file', id: original!.id, slot: 'size=s' }],
  });
});

test('erased files go through the hooks, and redacted owners stay redacted', async () => {
  const file = await registry.store();
  await registry.attach(file, '7');
  await db.transaction().execute((trx) => files.in(trx).erase(file, { redact: true }));
  await processor.drain();

  expect(hooks.after.flat()).toEqual([
    expect.objectContaining({
      fileId: file.id,
      reason: 'erased',
      filename: null,
      lastOwners: [expect.objectContaining({ type: 'article', id: null })],
    }),
  ]);
});

test('abandoned uploads, and bytes that a move left behind, are no deletions of files', async () => {
  const moved = await registry.store();
  await registry.attach(moved, '1');
  await pool.query(
    `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at)
     select id, 'media', '2026/' || id || '.bin', 'upload', 'reserved', now() from gen_random_uuid() id`,
  );
  await pool.query(
    `insert into file_registry.deletions (file_id, storage, key, reason, state)
     select id, 'media', '2026/' || id || '.bin', 'moved', 'condemned' from gen_random_uuid() id`,
  );
  expect(await processor.drain()).toMatchObject({ deleted: 2 });

  expect(hooks.before).toEqual([]);
  expect(hooks.after).toEqual([]);
});

test('no connection is held while a hook runs, so that a pool of one will do', async () => {
  const single = database.pool({ max: 1 });
  const Querying = recorder();
  const other = await hookedApp(registry, { providers: [Querying] }, { processor: { database: single } });
  const used = other.app.get(Querying);
  used.onBefore = used.onAfter = () => single.query('select');
  await registry.storeMany(2);
  expect(await other.processor.drain()).toMatchObject({ deleted: 2, failed: 0 });
  expect(idsOf(used.before)).toHaveLength(2);
});

test('what they are given cannot be changed', async () => {
  const file = await registry.store();
  hooks.onBefore = (deletions) => {
    (deletions as unknown[]).length = 0;
  };
  await processor.drain();
  expect(hooks.failed.flat()).toEqual([
    expect.objectContaining({ error: expect.stringContaining('read only') }),
  ]);

  await registry.passTime('1 day');
  hooks.onBefore = ([deletion]) => Object.assign(deletion!, { key: 'other' });
  await processor.drain();
  expect(hooks.failed.flat()).toHaveLength(2);
  expect(await registry.hasBytes(file)).toBe(true);
});

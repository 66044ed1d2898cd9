import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor } = registry;

test('a file is explained at every station of its life', async () => {
  const file = await registry.store();
  expect(await files.explain(file)).toMatchObject({
    state: 'waiting',
    intents: [{ reason: 'stored', owner: null }],
    text: expect.stringContaining('waits until'),
  });

  await registry.attach(file, '1');
  expect(await files.explain(file)).toMatchObject({
    state: 'held',
    refCount: 1,
    references: [{ type: 'article', id: '1', slot: 'cover' }],
    text: expect.stringContaining('article/1/cover'),
  });

  await registry.detach(file, '1');
  const waiting = await files.explain(file);
  expect(waiting).toMatchObject({
    state: 'waiting',
    text: expect.stringContaining('article/1/cover let go'),
  });
  expect(waiting.intents[0]?.dueAt?.getTime()).toBe(
    (waiting.intents[0]?.notedAt.getTime() ?? 0) + 86_400_000,
  );

  await registry.passTime('25 hours');
  expect(await files.explain(file)).toMatchObject({ state: 'due' });

  await registry.pool.query('delete from file_registry.files where id = $1', [file.id]);
  expect(await files.explain(file)).toMatchObject({ state: 'pending', deletion: { reason: 'detached' } });

  await processor.drain();
  expect(await files.explain(file)).toMatchObject({
    state: 'gone',
    file: null,
    text: expect.stringMatching(
      /deleted .* because of 'detached' after 1 attempt\(s\); last held by article\/1\/cover/,
    ),
  });
});

test('an upload under way, a leased and a stuck deletion are told apart', async () => {
  const [uploading, leased, stuck] = [randomUUID(), randomUUID(), randomUUID()];
  await registry.pool.query(
    `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, lease_token, attempts, last_error)
     values ($1::uuid, 'media', $1::uuid::text, 'upload', 'reserved', clock_timestamp() + interval '1 hour', null, 0, null),
            ($2::uuid, 'media', $2::uuid::text, 'detached', 'condemned', clock_timestamp() + interval '1 hour', gen_random_uuid(), 2, null),
            ($3::uuid, 'media', $3::uuid::text, 'detached', 'condemned', 'infinity', null, 25, 'no permission')`,
    [uploading, leased, stuck],
  );
  expect(await files.explain(uploading)).toMatchObject({ state: 'uploading' });
  expect(await files.explain(leased)).toMatchObject({
    state: 'deleting',
    text: expect.stringContaining('attempt 2'),
  });
  expect(await files.explain(stuck)).toMatchObject({
    state: 'stuck',
    text: expect.stringMatching(/25 attempt\(s\): no permission.*retryStuck/),
  });
});

test('an upload that was given up is told of as what it is, and not as a file that went', async () => {
  const id = randomUUID();
  await registry.pool.query(`select file_registry.abandon_upload($1::uuid, 'media', $1::uuid::text)`, [id]);
  expect(await files.explain(id)).toMatchObject({
    state: 'pending',
    text: expect.stringMatching(
      /^What the upload of file .* may have left when it was given up .* is deleted from/,
    ),
  });
});

test('nothing is known of an id that never was', async () => {
  expect(await files.explain(randomUUID())).toMatchObject({ state: 'unknown', deletion: null, refCount: 0 });
});

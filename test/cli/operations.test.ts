import { mkdir, rm } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';

const cli = await createCli();
const { registry } = cli;

beforeEach(async () => {
  await registry.processor.resume();
});

test('status says what is pending, as text and as one document', async () => {
  await registry.store();
  const text = await cli.run(['status']);
  expect(text).toMatchObject({ exitCode: 0, stderr: '' });
  expect(text.stdout).toMatch(/^intents waiting +\d+, of which due 0$/m);

  const document = await cli.run(['status', '--json']);
  expect(document).toMatchObject({ exitCode: 0, stderr: '' });
  expect(document.json).toMatchObject({
    ...JSON.parse(JSON.stringify(await registry.processor.stats())),
    tracked: [],
  });
});

test('pause and resume, which status --check notices', async () => {
  expect(await cli.run(['status', '--check', '--quiet'])).toMatchObject({ exitCode: 0, stdout: '' });
  const paused = await cli.run(['pause', '--json']);
  expect(paused.json).toEqual({ pausedAt: expect.stringMatching(/^\d{4}-/) });

  const status = await cli.run(['status', '--check']);
  expect(status.exitCode).toBe(3);
  expect(status.stdout).toContain('file-registry resume lets them go on.');
  const drain = await cli.run(['drain', '--json']);
  expect(drain.exitCode).toBe(4);
  expect(drain.json).toMatchObject({ obstacle: 'paused', condemned: 0 });

  expect((await cli.run(['resume'])).stdout).toBe('The processors go on.\n');
  expect((await cli.run(['resume'])).stdout).toBe('The processors were not paused.\n');
});

test('rows of another database delete nothing until somebody says that the bytes are its own', async () => {
  await registry.processor.drain();
  await registry.pool.query(`update file_registry.settings set identity = identity || '{"databaseOid": 1}'`);
  expect((await cli.run(['status', '--check'])).stdout).toContain('file-registry resume --take-ownership');
  const drain = await cli.run(['drain']);
  expect(drain.exitCode).toBe(4);
  expect(drain.stdout).toContain('file-registry resume --take-ownership');

  expect((await cli.run(['resume', '--take-ownership'])).exitCode).toBe(4);
  expect((await cli.run(['drain', '--quiet'])).exitCode).toBe(4);
  expect((await cli.run(['resume', '--take-ownership', '--yes', '--json'])).json).toEqual({
    resumed: false,
    own: true,
  });
  expect((await cli.run(['retry', '--storage', 'media'])).stdout).toBe(
    'No deletion of the storage media is stuck.\n',
  );
  expect((await cli.run(['drain'])).exitCode).toBe(0);
});

test('drain deletes what is due and leaves what is not', async () => {
  const due = await registry.store();
  const attached = await registry.store();
  await registry.attach(attached, '1');
  expect((await cli.run(['drain'])).exitCode).toBe(0);
  expect(await registry.hasBytes(due)).toBe(true);

  await registry.passTime('25 hours');
  const drained = await cli.run(['drain', '--json']);
  expect(drained).toMatchObject({ exitCode: 0, stderr: '' });
  expect(drained.json).toMatchObject({ obstacle: null, failed: 0, interrupted: false });
  expect(drained.json.deleted).toBeGreaterThan(0);
  expect(await registry.hasBytes(due)).toBe(false);
  expect(await registry.hasBytes(attached)).toBe(true);
  await registry.assertLaws();
});

test('what is stuck shows in status --check, and retry makes it due', async () => {
  const file = await registry.store();
  await registry.passTime('25 hours');
  await registry.processor.pause();
  await registry.pool.query(
    `set session_replication_role = replica;
     delete from file_registry.deletion_outbox where file_id = '${file.id}';
     delete from file_registry.files where id = '${file.id}';
     insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, attempts, last_error)
     values ('${file.id}', 'media', '${file.key}', 'stored', 'condemned', 'infinity', 25, 'EACCES');
     set session_replication_role = origin`,
  );
  await registry.processor.resume();

  expect((await cli.run(['status', '--check', '--json'])).json.stuck).toBe(1);
  expect((await cli.run(['status', '--check'])).exitCode).toBe(3);
  expect(await cli.run(['retry', '--storage', 'medja'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(
      "no storage is called 'medja' and nothing of it is stuck; there are media.",
    ),
  });
  expect((await cli.run(['retry', '--storage', 'media', '--json'])).json).toEqual({ retried: 1 });
  expect((await cli.run(['drain'])).exitCode).toBe(0);
  expect(await registry.hasBytes(file)).toBe(false);
});

test('a deletion that fails is exit code 1', async () => {
  const file = await registry.store();
  await registry.passTime('25 hours');
  // A folder where the file was cannot be unlinked.
  const path = `${registry.media.path}/${file.key}`;
  await rm(path);
  await mkdir(`${path}/in-the-way`, { recursive: true });

  const drained = await cli.run(['drain', '--json']);
  expect(drained.json).toMatchObject({ failed: 1 });
  expect(drained.exitCode).toBe(1);
  await rm(path, { recursive: true });
  await registry.passTime('2 hours');
  expect((await cli.run(['drain'])).exitCode).toBe(0);
});

test('explain tells of a file, and of an id that is none', async () => {
  const file = await registry.store();
  await registry.attach(file, '7');
  const text = await cli.run(['explain', file.id]);
  expect(text.stdout).toMatch(new RegExp(`^${file.id}: held\n.*article`));
  expect((await cli.run(['explain', file.id, '--json'])).json).toMatchObject({
    state: 'held',
    references: [{ type: 'article', id: '7', slot: 'cover' }],
  });
  expect((await cli.run(['explain', crypto.randomUUID(), '--json'])).json.state).toBe('unknown');

  const wrong = await cli.run(['explain', 'photo.jpg', '--json']);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.json.error.code).toBe('INVALID_FILE_ID');
});

test('restore puts references back, by file, by record, by slot and by an id with a slash', async () => {
  const file = await registry.store();
  for (const [id, what] of [
    ['8', [file.id]],
    ['8', ['article/8']],
    ['8', ['article/8/cover']],
    ['["a/b","1"]', ['--owner-type', 'article', '--owner-id', '["a/b","1"]', '--slot', 'cover']],
  ] as const) {
    await registry.attach(file, id);
    await registry.detach(file, id);
    const restored = await cli.run(['restore', ...what, '--json']);
    expect(restored).toMatchObject({ exitCode: 0, json: { restored: 1 } });
    expect(await registry.files.count(file)).toBe(1);
    await registry.detach(file, id);
    await registry.pool.query(
      'begin; set local session_replication_role = replica; delete from file_registry.deletion_outbox where owner_id is not null; commit',
    );
  }
  expect((await cli.run(['restore', 'article/8/header'])).stdout).toContain('Nothing was to be restored');
  expect((await cli.run(['restore', 'article/a/b/c'])).exitCode).toBe(2);
  expect((await cli.run(['restore'])).exitCode).toBe(2);
  expect(await cli.run(['restore', crypto.randomUUID(), '--json'])).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'FILE_NOT_FOUND' } },
  });
});

test('verify checks the laws, and the records where it is told their table', async () => {
  expect((await cli.run(['verify'])).stdout).toContain(': all is lawful.');
  await registry.pool.query('create table if not exists article (id integer primary key)');
  const file = await registry.store();
  await registry.attach(file, '99');
  const found = await cli.run(['verify', '--owner-table', 'article=public.article:id']);
  expect(found.exitCode).toBe(3);
  expect(found.stdout).toContain('the owner article/99 has references but no row in public.article');
  expect(
    (await cli.run(['verify', '--owner-table', 'article=public.article:id', '--json'])).json.checked.owners,
  ).toBeGreaterThan(0);
  expect((await cli.run(['verify', '--owner-table', 'article'])).exitCode).toBe(2);
  expect((await cli.run(['verify', '--batch-size', '0'])).exitCode).toBe(2);
});

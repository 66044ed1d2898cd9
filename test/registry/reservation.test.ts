import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { forkTypeScript } from '../support/fork-typescript.js';
import { errorOf } from './error-of.js';
import { FaultyStorage } from './faulty-storage.js';
import { expectNothingLeft } from './nothing-is-left.js';
import { until } from './until.js';

const media = await createTemporaryFolder('faulty');
const storage = new FaultyStorage(media.path);
const registry = await createTestRegistry({ storages: { media: storage } });
const { files, pool, processor } = registry;

beforeEach(() => storage.heal());
afterEach(() => expectNothingLeft(registry, media));

const idIn = (key: string) => /[0-9a-f-]{36}/.exec(key)?.[0] ?? '';

/** What the processor does to an upload whose reservation has lapsed. */
async function takeBack(): Promise<void> {
  await registry.passTime('61 minutes');
  await processor.drain();
}

test('an upload whose reservation was taken back before it wrote is refused, and what landed late goes', async () => {
  storage.onWrite = async (key, content, options) => {
    await takeBack();
    expect(await registry.deletion({ id: idIn(key) })).toMatchObject({ state: 'abandoned' });
    return storage.real.write(key, content, options);
  };

  const error = await errorOf(files.store(Buffer.from('late')));

  expect(error).toMatchObject({ code: 'UPLOAD_EXPIRED', kind: 'retryable' });
  expect(error.message).toContain('start again');
  expect(await media.files()).toHaveLength(1);
  expect(await registry.tables.selectFrom('files').select('id').execute()).toEqual([]);

  // Due at once, because the upload itself says that it has written.
  await processor.drain();
  expect(await media.files()).toEqual([]);
  await expectNothingLeft(registry, media);
});

test('bytes that land when the deletion has its receipt go as well', async () => {
  storage.onWrite = async (key, content, options) => {
    await takeBack();
    await takeBack();
    expect(await registry.deletion({ id: idIn(key) })).toMatchObject({ state: 'deleted' });
    return storage.real.write(key, content, options);
  };

  expect(await errorOf(files.store(Buffer.from('late')))).toMatchObject({ code: 'UPLOAD_EXPIRED' });
  expect(await media.files()).toHaveLength(1);
  await processor.drain();
  expect(await media.files()).toEqual([]);
});

test('bytes that land when even the receipt was pruned go as well', async () => {
  storage.onWrite = async (key, content, options) => {
    await takeBack();
    await takeBack();
    await registry.passTime('31 days');
    await processor.drain();
    expect(await registry.deletion({ id: idIn(key) })).toBeUndefined();
    return storage.real.write(key, content, options);
  };

  expect(await errorOf(files.store(Buffer.from('late')))).toMatchObject({ code: 'UPLOAD_EXPIRED' });
  expect(await media.files()).toHaveLength(1);
  await processor.drain();
  expect(await media.files()).toEqual([]);
});

test('bytes that land late from a process that died meanwhile go with the second pass', async () => {
  const { rows } = await pool.query('select uuidv7()::text as id');
  const id: string = rows[0].id;
  const key = `2026/01/31/${id.slice(-1)}/${id}-late.txt`;
  await pool.query(`select file_registry.reserve($1, 'media', $2, 'late.txt', 3600000)`, [id, key]);
  await takeBack();
  expect(await registry.deletion({ id })).toMatchObject({ state: 'abandoned', lease_token: null });

  await mkdir(dirname(join(media.path, key)), { recursive: true });
  await writeFile(join(media.path, key), 'late');
  await registry.passTime('61 minutes');
  expect(await processor.drain()).toMatchObject({ deleted: 1 });

  expect(await media.entries()).toEqual([]);
  expect(await registry.deletion({ id })).toMatchObject({ state: 'deleted' });
});

test('a process that is killed while it writes leaves a reservation, and the half file goes with it', async () => {
  const worker = forkTypeScript(new URL('./stalled-upload-worker.ts', import.meta.url), [
    registry.database.connectionString,
    media.path,
  ]);
  await until('a temporary file', async () => (await media.files()).some((path) => path.endsWith('.part')));
  const ended = once(worker, 'exit');
  worker.kill('SIGKILL');
  await ended;

  expect(await media.files()).toEqual([expect.stringMatching(/\.part$/)]);
  await processor.drain();
  expect(await media.files(), 'its time has not come').toHaveLength(1);

  await takeBack();
  expect(await media.entries()).toEqual([]);
});

test('finishing an upload twice answers the same file, and changes nothing', async () => {
  let id = '';
  storage.onWrite = (key, content, options) => {
    id = idIn(key);
    return storage.real.write(key, content, options);
  };
  const file = await files.store(Buffer.from('abc'), { filename: 'a.txt', metadata: { by: 'Ada' } });
  const again = `select file_registry.finish_upload($1, null, 'image/gif', 9, sha256('other'), '{}') as file`;

  const { rows } = await pool.query(again, [id]);

  expect(rows[0].file).toEqual({ ...file, createdAt: expect.any(String) });
  expect(await files.find(id)).toEqual(file);
});

test('an abandoned upload cannot be finished, a finished one not abandoned', async () => {
  const file = await files.store(Buffer.from('abc'));
  await pool.query(`select file_registry.abandon_upload($1, 'media', $2)`, [file.id, file.key]);
  expect(await registry.deletion(file)).toBeUndefined();
  expect(await files.find(file)).toEqual(file);

  const { rows } = await pool.query('select uuidv7()::text as id');
  const id: string = rows[0].id;
  await pool.query(`select file_registry.reserve($1, 'media', $2, null, 1000)`, [id, `a/${id}`]);
  await pool.query(`select file_registry.abandon_upload($1, 'media', $2)`, [id, `a/${id}`]);
  const finished = await pool.query(
    `select file_registry.finish_upload($1, null, 'text/plain', 3, sha256('abc'), '{}') as file`,
    [id],
  );
  expect(finished.rows).toEqual([{ file: null }]);
  expect(await files.find(id)).toBeNull();
});

test('content whose stream is silent for good ends with the time-to-live', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const content = new PassThrough();
    const stored = errorOf(files.store(content));
    await until('the temporary file', async () => (await media.files()).length === 1);
    vi.advanceTimersByTime(3 * 60 * 60 * 1000);

    expect(await stored).toMatchObject({ code: 'UPLOAD_EXPIRED' });
    expect(content.destroyed).toBe(true);
    expect(await media.entries()).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { FaultyStorage } from './faulty-storage.js';
import { expectNothingLeft } from './nothing-is-left.js';
import { until } from './until.js';

const media = await createTemporaryFolder('faulty');
const storage = new FaultyStorage(media.path);
const registry = await createTestRegistry({ storages: { media: storage } });
const { files } = registry;

beforeEach(() => storage.heal());
afterEach(() => expectNothingLeft(registry, media));

test('a signal that has fired before ends the upload before anything is written', async () => {
  const reason = new Error('the client went away');
  const content = new PassThrough();
  const written = registry.tables.selectFrom('deletions').select('file_id');
  const rowsBefore = (await written.execute()).length;

  const error = await errorOf(files.store(content, { signal: AbortSignal.abort(reason) }));

  expect(error).toMatchObject({ code: 'UPLOAD_ABORTED', cause: reason });
  expect(content.destroyed).toBe(true);
  expect((await written.execute()).length).toBe(rowsBefore);
});

test('a signal that fires while bytes flow ends the upload at once and removes what was written', async () => {
  const controller = new AbortController();
  const content = new PassThrough();
  const stored = errorOf(files.store(content, { signal: controller.signal }));
  content.write('half of it');
  await until('a temporary file', async () => (await media.files()).some((path) => path.endsWith('.part')));

  controller.abort(new Error('enough'));

  expect(await stored).toMatchObject({ code: 'UPLOAD_ABORTED', cause: { message: 'enough' } });
  expect(content.destroyed).toBe(true);
  expect(await media.entries()).toEqual([]);
  await assertLaws({ admin: registry.pool, storages: { media: media.path } });
});

test('a signal that fires while the reservation is made ends the upload', async () => {
  const controller = new AbortController();
  const client = await registry.database.client();
  // The reservation waits for this lock, so that the moment is certain.
  await client.query('begin; lock table file_registry.deletions in share mode');
  const stored = errorOf(files.store(Buffer.from('abc'), { signal: controller.signal }));
  await until('the reservation waits', async () => {
    const { rows } = await registry.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });

  controller.abort();
  await client.query('rollback');

  expect(await stored).toMatchObject({ code: 'UPLOAD_ABORTED', cause: { name: 'AbortError' } });
});

test('a signal ends an upload that waits for its reservation, which is given up when it comes', async () => {
  const controller = new AbortController();
  const client = await registry.database.client();
  await client.query('begin; lock table file_registry.deletions in share mode');
  const stored = errorOf(files.store(Buffer.from('abc'), { signal: controller.signal }));
  controller.abort();
  expect(await stored).toMatchObject({ code: 'UPLOAD_ABORTED', cause: { name: 'AbortError' } });

  const abandoned = registry.tables
    .selectFrom('deletions')
    .select('file_id')
    .where('state', '=', 'abandoned');
  expect(await abandoned.execute()).toEqual([]);
  await client.query('rollback');
  await until('the key is given up', async () => (await abandoned.execute()).length === 1);
});

test('a signal that fires when the bytes have just been written leaves no file behind', async () => {
  const controller = new AbortController();
  storage.onWrite = async (key, content, options) => {
    const written = await storage.real.write(key, content, options);
    controller.abort();
    return written;
  };

  const outcome = await files.store(Buffer.from('abc'), { signal: controller.signal }).then(
    (file) => file.size,
    (error) => error.code,
  );

  // Either answer is honest at this moment, and both go by themselves.
  expect([3, 'UPLOAD_ABORTED']).toContain(outcome);
});

test('a signal that never fires changes nothing, and one that fires afterwards neither', async () => {
  const controller = new AbortController();
  const file = await files.store(Buffer.from('abc'), { signal: controller.signal });
  controller.abort();

  expect(await files.find(file)).toEqual(file);
});

test.for([null, 42, {}, new AbortController()])('%j is no signal', async (signal) => {
  expect(await errorOf(files.store(Buffer.from('abc'), { signal: signal as AbortSignal }))).toMatchObject({
    code: 'INVALID_OPTION',
    context: { option: 'signal' },
  });
});

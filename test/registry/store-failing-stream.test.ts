import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setImmediate as turn } from 'node:timers/promises';
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
const broken = new Error('the socket hung up');

beforeEach(() => storage.heal());
afterEach(() => expectNothingLeft(registry, media));

test('a stream that errors halfway leaves no bytes and a reservation that is due', async () => {
  const content = new PassThrough();
  const stored = errorOf(files.store(content));
  content.write('half of it');
  await until('half of the file', async () => (await media.files()).some((path) => path.endsWith('.part')));
  content.destroy(broken);

  const error = await stored;

  expect(error).toMatchObject({
    code: 'UPLOAD_FAILED',
    kind: 'retryable',
    cause: broken,
    context: { storage: 'media', size: 10 },
  });
  expect(error.message).toContain('failed after 10 bytes: the socket hung up');
  expect(await media.entries()).toEqual([]);
  const { fileId } = error.context as { fileId: string };
  expect(await registry.deletion({ id: fileId })).toMatchObject({ state: 'abandoned', reason: 'upload' });

  // Due at once, not only after the time-to-live of an upload.
  expect(await registry.processor.drain()).toMatchObject({ deleted: 1 });
  await assertLaws({ admin: registry.pool, storages: { media: media.path } });
});

test.for([
  [
    'a generator that throws',
    () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('half');
          throw broken;
        })(),
      ),
  ],
  [
    'a stream whose read() fails at once',
    () =>
      new Readable({
        read() {
          this.destroy(broken);
        },
      }),
  ],
  [
    'a web stream that errors',
    () =>
      new ReadableStream({
        pull(controller) {
          controller.enqueue(Buffer.from('half'));
          controller.error(broken);
        },
      }),
  ],
] as const)('%s fails the upload', async ([, make]) => {
  expect(await errorOf(files.store(make()))).toMatchObject({ code: 'UPLOAD_FAILED', cause: broken });
  expect(await media.entries()).toEqual([]);
});

test('a stream that is destroyed without an error fails the upload, it has not come to its end', async () => {
  const content = new PassThrough();
  const stored = errorOf(files.store(content));
  content.write('half of it');
  content.destroy();

  expect(await stored).toMatchObject({ code: 'UPLOAD_FAILED' });
});

test('a stream that errors while the reservation is made fails the upload and nothing else', async () => {
  const client = await registry.database.client();
  // The reservation waits for this lock, so that the error certainly comes in the meantime.
  await client.query('begin; lock table file_registry.deletions in share mode');
  const content = new PassThrough();
  const stored = errorOf(files.store(content));
  await turn();
  content.destroy(broken);
  await turn(); // an error that nobody listens to would end the process here
  await client.query('rollback');

  expect(await stored).toMatchObject({ code: 'UPLOAD_FAILED', cause: broken });
});

test('a stream that errors in the same turn in which the upload begins fails the upload', async () => {
  const content = new PassThrough();
  const stored = errorOf(files.store(content));
  content.destroy(broken);

  expect(await stored).toMatchObject({ code: 'UPLOAD_FAILED', cause: broken });
});

test('a stream that throws something that is no error is told all the same', async () => {
  const content = Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw 'a text'; // eslint-disable-line no-throw-literal -- what other people's streams do
    })(),
  );

  expect(await errorOf(files.store(content))).toMatchObject({ code: 'UPLOAD_FAILED' });
});

test('the failure of the stream is told, also where the storage reports it as its own', async () => {
  storage.onWrite = async (_key, content) => {
    for await (const _ of content);
    throw new Error('unreachable: the loop has thrown');
  };
  const content = new PassThrough();
  const stored = errorOf(files.store(content));
  content.write('half of it');
  await turn();
  content.destroy(broken);

  expect(await stored).toMatchObject({ code: 'UPLOAD_FAILED', cause: broken });
});

test('two hundred uploads that fail at once leave nothing', async () => {
  const errors = await Promise.all(
    Array.from({ length: 200 }, (_, n) => {
      const content = Readable.from(
        (async function* () {
          for (let chunk = 0; chunk < n % 5; chunk++) yield Buffer.alloc(1000);
          throw broken;
        })(),
      );
      return errorOf(files.store(content));
    }),
  );

  expect(new Set(errors.map((error) => error.code))).toEqual(new Set(['UPLOAD_FAILED']));
  expect(await media.entries()).toEqual([]);
});

import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { until } from './until.js';

// It hands on the classes of readable-stream, which are not Node's.
const fromLibStorage = createRequire(import.meta.resolve('@aws-sdk/lib-storage'));
const { Readable: PackageReadable } = fromLibStorage('stream-browserify') as { Readable: typeof Readable };

const { files } = await createTestRegistry();

const streamOf = (...chunks: unknown[]) => {
  const left = [...chunks, null];
  return new PackageReadable({
    objectMode: true,
    read() {
      this.push(left.shift());
    },
  });
};

test('a stream of the package readable-stream is content as those of Node', async () => {
  const stream = streamOf(Buffer.from('some'), new Uint8Array(200_000), Buffer.from('bytes'));
  expect(stream).not.toBeInstanceOf(Readable);

  const file = await files.store(stream);
  const bytes = Buffer.concat(await (await files.read(file)).toArray());
  expect([bytes.length, String(bytes.subarray(0, 4)), String(bytes.subarray(-5))]).toEqual([
    200_009,
    'some',
    'bytes',
  ]);
});

test('texts, an end before and a failure are told as of one of Node', async () => {
  expect(await errorOf(files.store(streamOf('some', 'text')))).toMatchObject({ code: 'INVALID_CONTENT' });

  const destroyed = streamOf(Buffer.from('bytes'));
  destroyed.destroy();
  expect(await errorOf(files.store(destroyed))).toMatchObject({
    code: 'INVALID_CONTENT',
    message: expect.stringContaining('was destroyed'),
  });

  const fault = new Error('the source is gone');
  const failing = new PackageReadable({
    read() {
      this.destroy(fault);
    },
  });
  expect(await errorOf(files.store(failing))).toMatchObject({ code: 'UPLOAD_FAILED', cause: fault });
});

test('it is destroyed where the upload ends early, also while it has nothing to give', async () => {
  const waiting = new PackageReadable({ read: () => undefined });
  const controller = new AbortController();
  const stored = errorOf(files.store(waiting, { signal: controller.signal }));
  waiting.push(Buffer.from('some'));
  controller.abort();
  expect(await stored).toMatchObject({ code: 'UPLOAD_ABORTED' });
  await until('the stream is destroyed', () => waiting.destroyed);
});

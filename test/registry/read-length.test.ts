import { appendFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { type FileStorage, localStorage, type StoredFile } from 'nestjs-file-registry';
import { expect, test, vi } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { until } from './until.js';

const folder = await createTemporaryFolder('media');
const media: FileStorage = localStorage({ root: folder.path });
const registry = await createTestRegistry({ storages: { media } });
const { files } = registry;

const mismatch = { code: 'CONTENT_MISMATCH', kind: 'permanent' };
const place = (file: StoredFile) => join(folder.path, file.key);

/** What a reader gets, and how it ends. */
async function outcome(stream: Readable) {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const error = await new Promise((resolve) => stream.once('error', resolve).once('end', resolve));
  return { size: Buffer.concat(chunks).length, error };
}

function answerWith(source: Readable): Readable {
  vi.spyOn(media, 'read').mockResolvedValueOnce(source);
  return source;
}

test.for<[string, number, number]>([
  ['in one piece', 10, 10],
  ['behind what looks whole', 65_536, 1],
  ['of many pieces', 300_000, 200_000],
  ['of a file that was empty', 0, 1],
])('an object that is longer than its row never looks whole: %s', async ([, size, more]) => {
  const file = await files.store(Buffer.alloc(size));
  await appendFile(place(file), Buffer.alloc(more));

  const { size: given, error } = await outcome(await files.read(file));
  expect(error).toMatchObject({
    ...mismatch,
    message: expect.stringContaining(`gave more where ${size} bytes of file ${file.id} were due`),
    context: { fileId: file.id, storage: 'media', key: file.key, expectedBytes: size },
  });
  expect(given).toBeLessThan(size || 1);
});

test.for<[number, number]>([
  [10, 4],
  [10, 0],
  [300_000, 299_999],
  [131_072, 65_536],
])('an object of %i bytes that was truncated to %i is not the whole', async ([size, left]) => {
  const file = await files.store(Buffer.alloc(size));
  await truncate(place(file), left);

  expect(await errorOf((await files.read(file)).toArray())).toMatchObject({
    ...mismatch,
    message: expect.stringContaining(`only ${left} where ${size} bytes`),
  });
});

test('a storage that does not respect ranges is told', async () => {
  const file = await registry.store('0123456789');
  for (const range of [{ start: 2, end: 3 }, { start: 9 }, { end: 0 }]) {
    answerWith(Readable.from([Buffer.from('0123456789')]));
    expect(await errorOf((await files.read(file, range)).toArray())).toMatchObject(mismatch);
  }
  await truncate(place(file), 5);
  expect(await errorOf((await files.read(file, { start: 4, end: 5 })).toArray())).toMatchObject(mismatch);
  expect(String(await (await files.read(file, { start: 3, end: 4 })).toArray())).toBe('34');
});

test('what is no bytes cannot be counted, and fails', async () => {
  const file = await registry.store('äöü');
  for (const chunk of ['äöü', 6, { length: 6 }]) {
    answerWith(Readable.from([chunk]));
    expect(await errorOf((await files.read(file)).toArray())).toMatchObject(mismatch);
  }
});

test('empty pieces before, between and after are nothing', async () => {
  const file = await registry.store('abc');
  answerWith(Readable.from(['', 'ab', '', 'c', '', ''].map((piece) => Buffer.from(piece))));
  expect(Buffer.concat(await (await files.read(file)).toArray()).toString()).toBe('abc');
});

test('a failure of the storage comes through, and a stream that closes without its end is one', async () => {
  const file = await registry.store('0123456789');
  const fault = new Error('the disk is gone');
  for (const [error, expected] of [
    [fault, fault],
    [undefined, { code: 'ERR_STREAM_PREMATURE_CLOSE' }],
  ] as const) {
    const source = answerWith(new Readable({ read: () => undefined }));
    const stream = await files.read(file);
    const bytes = errorOf(stream.toArray());
    source.push('0123');
    await turn();
    source.destroy(error);
    expect(await bytes).toMatchObject(expected);
  }
});

test('a reader that goes closes the source, without an error of its own, whether it had begun or not', async () => {
  const file = await files.store(Buffer.alloc(300_000));
  for (const begin of [false, true]) {
    const source = answerWith(Readable.from([Buffer.alloc(100_000), Buffer.alloc(200_000)]));
    const stream = await files.read(file);
    if (begin) {
      await new Promise((resolve) => stream.once('data', resolve));
    }
    stream.destroy();
    await until('the source is closed', () => source.closed);
    expect(source.errored).toBeNull();
  }
});

test('a reader that waits lets the storage wait', async () => {
  const file = await files.store(Buffer.alloc(100 * 65_536));
  let given = 0;
  const source = answerWith(
    new Readable({
      read() {
        this.push(given++ < 100 ? Buffer.alloc(65_536) : null);
      },
    }),
  );
  const stream = await files.read(file);
  await turn();
  expect(source.readableFlowing).toBe(false);
  expect(given).toBe(0);

  await new Promise((resolve) => stream.once('readable', resolve));
  await turn();
  expect(given).toBeLessThan(5);
  expect(Buffer.concat(await stream.toArray())).toHaveLength(100 * 65_536);
});

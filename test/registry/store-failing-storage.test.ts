import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { localStorage, StorageRefusedError, type StorageWriteOptions } from 'nestjs-file-registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { canMount, smallFileSystem } from '../storage/local/small-file-system.js';
import { errorOf } from './error-of.js';
import { FaultyStorage } from './faulty-storage.js';
import { expectNothingLeft } from './nothing-is-left.js';
import { until } from './until.js';

const media = await createTemporaryFolder('faulty');
const archive = await createTemporaryFolder('archive');
const storage = new FaultyStorage(media.path);
const registry = await createTestRegistry({
  storages: { media: storage, archive: localStorage({ root: archive.path }) },
  defaultStorage: 'media',
});
const { files } = registry;
const fault = new Error('the disk is on fire');

beforeEach(() => storage.heal());
afterEach(() => expectNothingLeft(registry, media));

function untilAborted({ signal }: StorageWriteOptions): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

test('a storage that always throws fails every upload and destroys its content', async () => {
  storage.onWrite = () => Promise.reject(fault);
  for (let n = 0; n < 3; n++) {
    const content = Readable.from([Buffer.from('abc')]);
    const error = await errorOf(files.store(content));

    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', kind: 'retryable', cause: fault });
    expect(error.message).toMatch(/'media' could not write .*: the disk is on fire.*try again/);
    expect(content.destroyed).toBe(true);
  }
  storage.heal();
  expect(await files.store(Buffer.from('abc'))).toMatchObject({ size: 3 });
});

test('a storage that throws before it returns a promise is no different', async () => {
  storage.onWrite = () => {
    throw fault;
  };

  expect(await errorOf(files.store(Buffer.from('abc')))).toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    cause: fault,
  });
});

test('a storage that fails while it reads ends the stream of the content', async () => {
  storage.onWrite = async (_key, content) => {
    for await (const _ of content) throw fault;
    return {};
  };
  let destroyed = false;
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(1000));
    },
    destroy(_error, done) {
      destroyed = true;
      done(null);
    },
  });

  expect(await errorOf(files.store(endless))).toMatchObject({ code: 'STORAGE_UNAVAILABLE', cause: fault });
  expect(destroyed).toBe(true);
});

test('a typed error of the storage comes out as it is', async () => {
  const refusal = new StorageRefusedError('No permission. Grant it.', { context: { bucket: 'b' } });
  storage.onWrite = () => Promise.reject(refusal);

  expect(await errorOf(files.store(Buffer.from('abc')))).toBe(refusal);
});

test.for([
  ['nothing', 0],
  ['one chunk', 1],
])('a storage that says it is done and has read %s of several is not believed', async ([, chunks]) => {
  storage.onWrite = async (_key, content) => {
    for (let n = 0; n < Number(chunks); n++) {
      await until('a chunk', () => content.readableLength > 0);
      content.read(1);
    }
    return {};
  };
  const content = Readable.from([Buffer.from('abc'), Buffer.from('def')]);

  const error = await errorOf(files.store(content));
  expect(error.code).toBe('STORAGE_UNAVAILABLE');
  expect(error.message).toContain('before it had read all of it');
  expect(await registry.tables.selectFrom('files').select('id').execute()).toEqual([]);
});

test('a storage that hangs until it is aborted is aborted when the content fails', async () => {
  storage.onWrite = (_key, _content, options) => untilAborted(options);
  const content = new Readable({ read() {} });
  const stored = errorOf(files.store(content));
  await pause(0);
  content.destroy(fault);

  expect(await stored).toMatchObject({ code: 'UPLOAD_FAILED', cause: fault });
});

test('a storage that hangs until it is aborted is aborted with the upload', async () => {
  storage.onWrite = (_key, _content, options) => untilAborted(options);
  const controller = new AbortController();
  const stored = errorOf(files.store(Buffer.from('abc'), { signal: controller.signal }));
  controller.abort(fault);

  expect(await stored).toMatchObject({ code: 'UPLOAD_ABORTED', cause: fault });
});

test('a storage that heeds no signal is left alone, and what it writes after all goes', async () => {
  const taken = Promise.withResolvers<void>();
  const recovered = Promise.withResolvers<void>();
  storage.onWrite = async (key, content, { contentType }) => {
    const chunks = await content.toArray();
    taken.resolve();
    await recovered.promise;
    return storage.real.write(key, Readable.from(chunks), { contentType });
  };
  const controller = new AbortController();
  const stored = errorOf(files.store(Buffer.from('abc'), { signal: controller.signal }));
  await taken.promise;
  controller.abort(fault);
  expect(await stored).toMatchObject({ code: 'UPLOAD_ABORTED', cause: fault });
  const stateOf = async () =>
    (await registry.tables.selectFrom('deletions').select('state').execute()).map(({ state }) => state);
  expect(await stateOf()).toContain('reserved');

  recovered.resolve();
  await until('the key is given up', async () => (await stateOf()).includes('abandoned'));
  expect(await media.files()).toHaveLength(1);
  await registry.processor.drain();
  expect(await media.files()).toEqual([]);
});

test('a storage that has written and then fails to say so leaves nothing', async () => {
  storage.onWrite = async (key, content, options) => {
    await storage.real.write(key, content, options);
    throw fault;
  };

  const error = await errorOf(files.store(Buffer.from('abc')));
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', cause: fault });
  expect(await media.files()).toHaveLength(1);
  // The bytes are due at once; expectNothingLeft sees them gone.
  expect(await registry.processor.drain()).toMatchObject({ failed: 0 });
  expect(await media.files()).toEqual([]);
});

test('a second storage is chosen by its name', async () => {
  const file = await files.store(Buffer.from('abc'), { storage: 'archive' });

  expect(file.storage).toBe('archive');
  expect(await archive.files()).toEqual([file.key]);
  expect(await media.files()).toEqual([]);
  expect(await (await files.read(file)).toArray()).toEqual([Buffer.from('abc')]);

  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(await archive.entries()).toEqual([]);
});

test.for(['nowhere', '', 'Media', '__proto__', 'toString', 42, {}])(
  'a storage called %j is unknown, and the message names those there are',
  async (name) => {
    const error = await errorOf(files.store(Buffer.from('abc'), { storage: name as string }));

    expect(error).toMatchObject({ code: 'UNKNOWN_STORAGE', kind: 'usage' });
    expect(error.message).toContain('media, archive');
  },
);

test.runIf(canMount)('a full disk fails the upload, and what was written goes', async () => {
  const disk = smallFileSystem();
  const full = localStorage({ root: disk.folder });
  storage.onWrite = (key, content, options) => full.write(key, content, options);
  storage.onDelete = (objects, options) => full.delete(objects, options);

  const error = await errorOf(files.store(Buffer.alloc(1024 * 1024, 'x')));
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', context: { code: 'ENOSPC' } });
  expect(error.message).toContain('Free some space');

  expect(await files.store(Buffer.alloc(1024, 'x'))).toMatchObject({ size: 1024 });
  await registry.passTime('25 hours');
  await registry.processor.drain();
});

import { Readable } from 'node:stream';
import {
  type FileRegistryTelemetry,
  type FileStorage,
  localStorage,
  type ObservedStorageCall,
  type Outcome,
  type StorageCallResult,
} from 'nestjs-file-registry';
import {
  faults,
  faultyStorage,
  type MemoryStorage,
  memoryStorage,
  storageContract,
} from 'nestjs-file-registry/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { GuardedTelemetry } from '../../src/telemetry/guarded-telemetry.js';
import { observedStorage } from '../../src/telemetry/observed-storage.js';

type Call = ObservedStorageCall & Outcome<StorageCallResult>;

let ended: Call[] = [];
const telemetry: FileRegistryTelemetry = {
  beginStorageCall: (call) => ({ end: (outcome) => void ended.push({ ...call, ...outcome }) }),
};
const observed = (storage: FileStorage) => observedStorage('media', storage, new GuardedTelemetry(telemetry));
const said = () =>
  ended.map(({ operation, errorType }) => (errorType ? `${operation} ${errorType}` : operation));

beforeEach(() => {
  ended = [];
});

async function filled(...keys: string[]) {
  const media = faultyStorage(memoryStorage());
  for (const key of keys) {
    await media.write(key, Readable.from([Buffer.alloc(200_000, key)]), { contentType: 'text/plain' });
  }
  return { media, storage: observed(media) };
}

describe('an observed storage keeps the storage contract', () => {
  const inner = new WeakMap<FileStorage, MemoryStorage>();
  const cases = storageContract({
    makeStorage: () => {
      const memory = memoryStorage({ versioned: true });
      const storage = observed(memory);
      inner.set(storage, memory);
      return storage;
    },
    list: async (storage) => {
      const memory = inner.get(storage)!;
      return [...memory.keys(), ...memory.uploading()];
    },
  });
  test.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (_case, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

test('what a storage cannot do, it cannot do when it is observed either', async () => {
  const bare = observed(memoryStorage());
  expect([bare.prune, bare.url, bare.presignWrite]).toEqual([undefined, undefined, undefined]);
  const able: FileStorage = {
    ...localStorage({ root: './media' }),
    url: async (object) => `https://cdn/${object.key}`,
    presignWrite: async () => ({ method: 'PUT', url: 'https://cdn', headers: {}, fields: {} }),
    prune: async () => 7,
  };
  const storage = observed(able);
  expect(storage.location).toBe(able.location);
  expect(await storage.url?.({ key: 'a' }, { expiresInMs: 1000 })).toBe('https://cdn/a');
  expect(await storage.presignWrite?.('a', {} as never)).toMatchObject({ method: 'PUT' });
  expect(await storage.prune?.()).toBe(7);
  expect(said()).toEqual(['prune']);
});

test('a class with private fields works as before', async () => {
  class Place {
    readonly #secret: string = 'secret';
    readonly location = 'memory:place';
    async check(): Promise<void> {
      if (this.#secret === '') throw new Error();
    }
  }
  await expect(observed(new Place() as unknown as FileStorage).check()).resolves.toBeUndefined();
});

test('a read ends with its stream, not with its opening', async () => {
  const { storage } = await filled('a');
  const stream = await storage.read({ key: 'a' });
  expect(said()).toEqual([]);
  await stream.toArray();
  await expect.poll(said).toEqual(['read']);
  expect(ended[0]?.durationMs).toBeGreaterThan(0);
});

test('a reader that goes away is no failure, a stream that breaks is one', async () => {
  const { storage } = await filled('a');
  (await storage.read({ key: 'a' })).destroy();
  await expect.poll(said).toEqual(['read']);

  ended = [];
  const broken = await storage.read({ key: 'a' });
  broken.on('error', () => undefined);
  broken.destroy(Object.assign(new Error('connection reset'), { name: 'ResetError' }));
  await expect.poll(said).toEqual(['read ResetError']);
});

test('an error that nobody listens for is still one', async () => {
  const { storage } = await filled('a');
  const stream = await storage.read({ key: 'a' });
  expect(stream.listenerCount('error')).toBe(
    (await (await filled('a')).media.read({ key: 'a' })).listenerCount('error'),
  );
  stream.destroy();
  await expect.poll(said).toEqual(['read']);
});

test('an object that is not there is a failed read', async () => {
  const { storage } = await filled();
  await expect(storage.read({ key: 'missing' })).rejects.toMatchObject({ code: 'BYTES_MISSING' });
  expect(said()).toEqual(['read BYTES_MISSING']);
});

test('a listing ends with its last object, with the reader that stops, or with what breaks it', async () => {
  const { media, storage } = await filled('a', 'b', 'c');
  const keys = [];
  for await (const { key } of storage.list()) {
    expect(said()).toEqual([]);
    keys.push(key);
  }
  expect(keys).toEqual(['a', 'b', 'c']);
  for await (const _ of storage.list()) break;
  media.replan({ list: faults.failListing({ afterObjects: 1 }) });
  await expect(Array.fromAsync(storage.list())).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  expect(said()).toEqual(['list', 'list', 'list STORAGE_UNAVAILABLE']);
});

test('a reader that stops closes what the storage has open', async () => {
  let closed = false;
  const storage = observed({
    ...localStorage({ root: './media' }),
    async *list() {
      try {
        for (;;) yield { key: 'a', sizeBytes: 1, ageMs: 0 };
      } finally {
        closed = true;
      }
    },
  });
  for await (const _ of storage.list()) break;
  expect(closed).toBe(true);
});

test('a deletion says how many objects it was about and how many are still there', async () => {
  const { media, storage } = await filled('a', 'b', 'c');
  media.replan({ delete: faults.failKeys({ a: 'permanent', b: 'retryable' }) });
  await storage.delete(['a', 'b', 'c'].map((key) => ({ key, abandoned: false })));
  expect(ended).toMatchObject([{ operation: 'delete', objects: 3, result: { failedObjects: 2 } }]);
});

test('an answer that is nonsense is passed on', async () => {
  const storage = observed({ ...localStorage({ root: './media' }), delete: async () => undefined as never });
  expect(await storage.delete([])).toBeUndefined();
  expect(said()).toEqual(['delete']);
});

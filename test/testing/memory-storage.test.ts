import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import {
  BytesMissingError,
  InvalidKeyError,
  InvalidRangeError,
  StorageRefusedError,
  StorageUnavailableError,
} from 'nestjs-file-registry';
import { memoryStorage, type MemoryStorage } from 'nestjs-file-registry/testing';
import { expect, test } from 'vitest';

const plain = { contentType: 'text/plain' };

function put(storage: MemoryStorage, key: string, content = key) {
  return storage.write(key, Readable.from([Buffer.from(content)]), plain);
}

test('keys, bytes and uploads under way can be seen', async () => {
  const storage = memoryStorage();
  await put(storage, 'b/2', 'four');
  await put(storage, 'a/1', 'three');
  expect(storage.keys()).toEqual(['a/1', 'b/2']);
  expect([storage.has('a/1'), storage.has('a')]).toEqual([true, false]);

  const content = new PassThrough();
  const writing = storage.write('c', content, plain);
  content.write('half');
  await expect
    .poll(() => storage.sizeBytes, { timeout: 15_000 })
    .toBe('four'.length + 'three'.length + 'half'.length);
  expect(storage.uploading()).toEqual(['c']);
  expect(storage.keys()).toEqual(['a/1', 'b/2']);
  content.end();
  await writing;
  expect([storage.keys(), storage.uploading()]).toEqual([['a/1', 'b/2', 'c'], []]);

  storage.clear();
  expect([storage.keys(), storage.sizeBytes]).toEqual([[], 0]);
  await expect(storage.read({ key: 'c' })).rejects.toThrow(BytesMissingError);
});

test('no two have one location, unless it was asked for', () => {
  expect(memoryStorage().location).not.toBe(memoryStorage().location);
  expect(memoryStorage({ location: 'memory://mine' }).location).toBe('memory://mine');
});

test('what is beyond its capacity fails as on a full disk, and the room of the failed write is free again', async () => {
  const storage = memoryStorage({ capacityBytes: 10 });
  await put(storage, 'a', '123456');
  await expect(put(storage, 'b', '12345')).rejects.toThrow(StorageUnavailableError);
  await expect(put(storage, 'b', '12345')).rejects.toThrow(/is full: it holds 10 bytes\. Delete something/);
  expect(storage.sizeBytes).toBe(6);
  await put(storage, 'b', '1234');

  await storage.delete([{ key: 'a', abandoned: false }]);
  await put(storage, 'c', '123456');
  expect(() => memoryStorage({ capacityBytes: -1 })).toThrow(/^capacityBytes: .* received -1/);
});

test('nothing is overwritten, and impossible keys and ranges are refused', async () => {
  const storage = memoryStorage();
  await put(storage, 'a', '0123');
  await expect(put(storage, 'a', 'other')).rejects.toThrow(StorageRefusedError);
  await expect(put(storage, '../a')).rejects.toThrow(InvalidKeyError);
  for (const range of [{ start: 4 }, { start: -1 }, { start: 2, end: 1 }, { end: 0.5 }]) {
    await expect(storage.read({ key: 'a' }, range)).rejects.toThrow(InvalidRangeError);
  }
  expect(await text(await storage.read({ key: 'a' }))).toBe('0123');
});

test('two uploads of one key at a time: the second is refused', async () => {
  const storage = memoryStorage();
  const content = new PassThrough();
  const writing = storage.write('a', content, plain);
  await expect(put(storage, 'a')).rejects.toThrow(StorageRefusedError);
  content.end('first');
  await writing;
  expect(await text(await storage.read({ key: 'a' }))).toBe('first');
});

test('an abandoned upload cannot land any more', async () => {
  const storage = memoryStorage();
  const content = new PassThrough();
  const writing = storage.write('a', content, plain);
  content.write('half');
  expect(await storage.delete([{ key: 'a', abandoned: true }])).toEqual([{ key: 'a' }]);
  expect(storage.uploading()).toEqual([]);
  content.end();
  await expect(writing).rejects.toThrow('was abandoned meanwhile');
  expect(storage.keys()).toEqual([]);
});

test('a reader or a writer that changes its buffer changes nothing in the storage', async () => {
  const storage = memoryStorage();
  const written = Buffer.from('bytes');
  await storage.write('a', Readable.from([written]), plain);
  written.fill(0);
  (await buffer(await storage.read({ key: 'a' }))).fill(0);
  for await (const chunk of await storage.read({ key: 'a' })) (chunk as Buffer).fill(0);
  expect(await text(await storage.read({ key: 'a' }))).toBe('bytes');
});

test('with versions, only the right one is read and deleted', async () => {
  const storage = memoryStorage({ versioned: true });
  const { versionId } = await put(storage, 'a');
  expect(versionId).toEqual(expect.any(String));
  await expect(storage.read({ key: 'a', versionId: 'other' })).rejects.toThrow(BytesMissingError);
  await storage.delete([{ key: 'a', versionId: 'other', abandoned: false }]);
  expect(await text(await storage.read({ key: 'a', versionId }))).toBe('a');
  await storage.delete([{ key: 'a', versionId, abandoned: false }]);
  expect(storage.keys()).toEqual([]);
});

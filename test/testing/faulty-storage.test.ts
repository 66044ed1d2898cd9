import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StorageRefusedError, StorageUnavailableError } from 'nestjs-file-registry';
import {
  type FaultPlan,
  faults,
  faultyStorage,
  memoryStorage,
  storageContract,
} from 'nestjs-file-registry/testing';
import { expect, test } from 'vitest';

const plain = { contentType: 'text/plain' };
const object = (key: string) => ({ key, abandoned: false });

function withPlan(plan: FaultPlan) {
  const memory = memoryStorage();
  const storage = faultyStorage(memory, plan);
  const put = (key: string, content = key) =>
    storage.write(key, Readable.from([Buffer.from(content)]), plain);
  return { memory, storage, put };
}

const cases = storageContract({ makeStorage: () => faultyStorage(memoryStorage()), manyObjects: 50 });

test.each(cases.map(({ name, run }) => [name, run] as const))(
  'without a plan it keeps the contract: %s',
  async (_case, run) => {
    await expect(run()).resolves.toBeUndefined();
  },
);

test('the n-th call of a kind fails, and no other; calls and faults are counted', async () => {
  const { storage, put } = withPlan({ write: { 2: faults.fail() }, check: { 1: faults.fail('permanent') } });
  await put('a');
  await expect(put('b')).rejects.toThrow(StorageUnavailableError);
  await put('b');
  await expect(storage.check()).rejects.toThrow(StorageRefusedError);
  await storage.check();
  expect(await text(await storage.read({ key: 'b' }))).toBe('b');
  expect(storage.calls).toEqual({ check: 2, write: 3, read: 1, stat: 0, list: 0, delete: 0 });
  expect(storage.struck).toBe(2);
  expect(storage.location).toBe(storage.inner.location);
});

test('under `any` the calls of all kinds are counted together, and a function sees each call', async () => {
  const seen: unknown[] = [];
  const { storage, put } = withPlan({
    any: { 3: faults.fail(new Error('third')) },
    delete: (call) => void seen.push(call),
  });
  await put('a');
  await put('b');
  await expect(storage.delete([object('a')])).rejects.toThrow('third');
  expect(seen).toEqual([{ kind: 'delete', number: 1, numberOfAll: 3, keys: ['a'] }]);
});

test('one fault for every call, until it is healed', async () => {
  const { storage, put } = withPlan({ write: faults.fail() });
  await expect(put('a')).rejects.toThrow('A planned fault');
  await expect(put('a')).rejects.toThrow('A planned fault');
  storage.heal();
  await put('a');
  storage.replan({ write: { 4: faults.fail() } });
  await expect(put('b')).rejects.toThrow('A planned fault');
});

test('a failed write destroys its content and writes nothing', async () => {
  const { memory, storage } = withPlan({ write: faults.fail() });
  const content = Readable.from(['x']);
  await expect(storage.write('a', content, plain)).rejects.toThrow(StorageUnavailableError);
  expect(content.destroyed).toBe(true);
  expect(memory.keys()).toEqual([]);
});

test('a call that fails afterwards has done its work', async () => {
  const { memory, storage, put } = withPlan({
    write: { 1: faults.failAfterwards() },
    delete: { 1: faults.failAfterwards('permanent') },
    read: { 1: faults.failAfterwards() },
  });
  await expect(put('a')).rejects.toThrow(StorageUnavailableError);
  expect(memory.keys()).toEqual(['a']);
  await expect(storage.read({ key: 'a' })).rejects.toThrow(StorageUnavailableError);
  await expect(storage.delete([object('a')])).rejects.toThrow(StorageRefusedError);
  expect(memory.keys()).toEqual([]);
});

test('a call hangs until it is released', async () => {
  const { memory, storage, put } = withPlan({ delete: { 1: faults.hang() } });
  await put('a');
  const deleting = storage.delete([object('a')]);
  await storage.untilWaiting();
  expect([storage.waiting, memory.keys()]).toEqual([1, ['a']]);
  storage.release();
  expect(await deleting).toEqual([{ key: 'a' }]);
  expect([storage.waiting, memory.keys()]).toEqual([0, []]);
});

test('a call that hangs goes on when its signal fires, as the storage behind does then', async () => {
  const { memory, storage, put } = withPlan({ delete: faults.hang(), write: { 2: faults.hang() } });
  await put('a');
  const abort = new AbortController();
  const deleting = storage.delete([object('a')], { signal: abort.signal });
  const content = new PassThrough();
  const writing = storage.write('b', content, { ...plain, signal: abort.signal });
  await storage.untilWaiting(2);
  abort.abort(new Error('enough'));
  expect(await deleting).toEqual([{ key: 'a', error: expect.objectContaining({ permanent: false }) }]);
  await expect(writing).rejects.toThrow('enough');
  expect(content.destroyed).toBe(true);
  expect([storage.waiting, memory.keys()]).toEqual([0, ['a']]);
});

test('a content that fails while its write hangs ends nothing but the write', async () => {
  const { storage } = withPlan({ write: faults.hang() });
  const content = new PassThrough();
  const writing = storage.write('a', content, plain);
  await storage.untilWaiting();
  content.destroy(new Error('hung up'));
  storage.release();
  await expect(writing).rejects.toThrow(/hung up|destroyed|Premature/i);
});

test('a late answer comes after the work, and not before it is released', async () => {
  const { memory, storage, put } = withPlan({ write: { 1: faults.late() } });
  const answered: string[] = [];
  const writing = put('a').then(() => answered.push('a'));
  await storage.untilWaiting();
  expect([memory.keys(), answered]).toEqual([['a'], []]);
  storage.heal();
  await writing;
  expect(answered).toEqual(['a']);
});

test('healed while a late call still works, it answers as soon as it is done', async () => {
  const { memory, storage } = withPlan({ write: faults.late() });
  const content = new PassThrough();
  const writing = storage.write('a', content, plain);
  storage.heal();
  content.end('bytes');
  expect(await writing).toEqual({});
  expect(memory.keys()).toEqual(['a']);
});

test.each([
  [{ afterBytes: 4, keep: true }, ['a'], '0123'],
  [{ afterBytes: 0, keep: true }, ['a'], ''],
  [{ afterBytes: 100, keep: true }, ['a'], '0123456789'],
  [{ afterBytes: 4 }, [], undefined],
])('a write that fails half-way, %j', async (options, keys, bytes) => {
  const { memory, storage } = withPlan({ write: { 1: faults.failHalfway(options) } });
  const content = Readable.from([Buffer.from('01234'), Buffer.from('56789')], { objectMode: false });
  await expect(storage.write('a', content, plain)).rejects.toThrow(StorageUnavailableError);
  expect(content.destroyed).toBe(true);
  expect([memory.keys(), memory.uploading()]).toEqual([keys, []]);
  const kept = memory.has('a') ? await text(await memory.read({ key: 'a' })) : undefined;
  expect(kept).toBe(bytes);
});

test('keys of a deletion fail each in its way, and the others go', async () => {
  const { memory, storage, put } = withPlan({
    delete: { 1: faults.failKeys({ a: 'permanent', b: 'retryable', c: 'silent' }) },
  });
  const keys = ['a', 'b', 'c', 'd'];
  for (const key of keys) await put(key);
  expect(await storage.delete(keys.map(object))).toEqual([
    { key: 'd' },
    { key: 'a', error: { message: 'A planned fault: permanent.', permanent: true } },
    { key: 'b', error: { message: 'A planned fault: retryable.', permanent: false } },
  ]);
  expect(memory.keys()).toEqual(['a', 'b', 'c']);
});

test('a fault that a kind of call cannot have is refused by name', async () => {
  const { storage, put } = withPlan({ write: faults.failKeys({}), read: faults.failHalfway() });
  await expect(put('a')).rejects.toThrow('a fault that write cannot have');
  await expect(storage.read({ key: 'a' })).rejects.toThrow('A planned fault');
  expect(() => faults.failHalfway({ afterBytes: -1 })).toThrow(/^afterBytes: .* received -1/);
});

test('a listing that fails gives what it had given, and goes on from there; a stat can fail', async () => {
  const { storage, put } = withPlan({
    list: { 1: faults.failListing({ afterObjects: 2 }) },
    stat: faults.fail(),
  });
  for (const key of ['a', 'b', 'c']) await put(key);
  const seen: string[] = [];
  const listAll = async (after?: string) => {
    for await (const { key } of storage.list({ after })) seen.push(key);
  };
  await expect(listAll()).rejects.toThrow(StorageUnavailableError);
  expect(seen).toEqual(['a', 'b']);
  await listAll(seen.at(-1));
  expect(seen).toEqual(['a', 'b', 'c']);
  await expect(storage.stat({ key: 'a' })).rejects.toThrow(StorageUnavailableError);
  expect(storage.calls).toMatchObject({ list: 2, stat: 1 });
});

import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  FileRegistry,
  RenditionBusyError,
  StorageUnavailableError,
  type StoredFile,
} from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { RESOLVED_OPTIONS } from '../../src/options/options-token.js';
import { until } from '../registry/until.js';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry({ timeoutMs: 2000, failureTtlMs: 60_000 });
const { files, maker } = registry;

const failed = { code: 'RENDITION_FAILED', kind: 'permanent' };

/** A process of its own, as far as sharing a call goes. */
function otherProcess(): FileRegistry {
  return new FileRegistry(registry.module.get(RESOLVED_OPTIONS), registry.module.get(RegistryDatabase));
}

test('a stream that the maker opened and forgot is closed when it is done, or when its time is over', async () => {
  const original = await registry.original();
  const opened: Readable[] = [];
  maker.next(async ({ read }) => {
    opened.push(await read());
    opened.push(await read());
    opened[1]!.read(1);
    return { content: Buffer.from('made without it') };
  });
  await files.rendition(original, 'size=1');
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true]);

  maker.next(async ({ read }) => {
    opened.push(await read());
    return new Promise(() => undefined);
  });
  await expect(files.rendition(original, 'size=2')).rejects.toMatchObject(failed);
  await until('the stream is closed', async () => opened[2]!.destroyed);
});

test('what a maker opens after its time is over is closed', async () => {
  const original = await registry.original();
  const late = Promise.withResolvers<Readable>();
  maker.next(async ({ read, signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    late.resolve(await read().catch(() => Readable.from([]).destroy()));
    return new Promise(() => undefined);
  });
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(failed);
  const stream = await late.promise;
  await until('the stream is closed', async () => stream.destroyed);
});

test('a listener that the maker leaves on its signal is not kept, nor what it holds', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const original = await registry.original();
  let pixels: WeakRef<object> | undefined;
  maker.next(({ signal }) => {
    const held = { pixels: Buffer.from('of a picture') };
    pixels = new WeakRef(held);
    signal.addEventListener('abort', () => held.pixels.fill(0));
    return { content: Buffer.from('x') };
  });
  expect(await files.rendition(original, 'size=1')).toMatchObject({ size: 1 });
  maker.reset();
  await until('it is collected', () => {
    collect();
    return pixels!.deref() === undefined;
  });
});

test('a web stream is ended where what the maker says of it is refused', async () => {
  const original = await registry.original();
  let cancelled = false;
  const content = new ReadableStream({ cancel: () => void (cancelled = true) });
  maker.next(() => ({ content, metadata: 'no object' as never }));
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject({
    ...failed,
    context: { code: 'INVALID_METADATA' },
  });
  await until('it is cancelled', async () => cancelled);
});

const thrown: Record<string, () => unknown> = {
  'an object of no kind': () => Object.create(null),
  'an error whose message is no text': () => Object.assign(new Error('x'), { message: 42 }),
  'an error whose message cannot be read': () =>
    Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('hidden');
      },
    }),
  nothing: () => undefined,
};

test.for(Object.keys(thrown))('a maker that throws %s is reported like any other', async (what) => {
  const original = await registry.original();
  maker.next(() => Promise.reject(thrown[what]!()));
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(failed);
  expect(await registry.leases(original)).toEqual([{ slot: 'size=1', failed: true }]);
});

test.for(['is not there', 'is gone'])(
  'a maker that needs another file, which %s, has failed',
  async (how) => {
    const original = await registry.original();
    const stamp: Pick<StoredFile, 'id'> = { id: '01890000-0000-7000-8000-000000000000' };
    if (how === 'is gone') {
      const gone = await registry.original();
      await registry.erase(gone);
      Object.assign(stamp, { id: gone.id });
    }
    maker.next(async () => ({ content: await files.read(stamp.id) }));
    await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(failed);
    await expect(otherProcess().rendition(original, 'size=1')).rejects.toMatchObject(failed);
    expect(maker.requests).toHaveLength(1);
  },
);

test.for([
  ['a maker that is too busy', new RenditionBusyError('The queue is full.')],
  ['a maker whose storage is away', new StorageUnavailableError('It is away.')],
] as const)(
  '%s has not failed: nothing is remembered, and who waits elsewhere makes it',
  async ([, busy]) => {
    const original = await registry.original();
    const waits = maker.nextWaits();
    const first = files.rendition(original, 'size=1').catch((error: unknown) => error);
    await waits.asked;
    const second = otherProcess().rendition(original, 'size=1');
    waits.answer(Promise.reject(busy) as never);
    expect(await first).toBe(busy);
    expect(await second).toMatchObject({ spec: { size: '1' } });
    expect(await registry.leases(original)).toEqual([]);
    expect(maker.requests).toHaveLength(2);
  },
);

test('a check that refuses with a promise is told that it must throw', async () => {
  const original = await registry.original();
  const check = async () => {
    throw new Error('too late');
  };
  const options = registry.module.get(RESOLVED_OPTIONS);
  const late = new FileRegistry(
    { ...options, renditions: { ...options.renditions, maker: { make: maker.make.bind(maker), check } } },
    registry.module.get(RegistryDatabase),
  );
  await expect(late.rendition(original, 'size=1')).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('renditions.maker.check'),
  });
  expect(maker.requests).toEqual([]);
});

import { setTimeout as pause } from 'node:timers/promises';
import type { FileArgument, WarmReport } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry({
  sets: {
    gallery: [{ size: '1' }, 'filter=gray;size=1', { size: '1' }],
    list: ['size=2'],
  },
});
const { files, maker } = registry;

test('it makes what is missing, reports how far it is, and changes nothing the second time', async () => {
  const originals = [await registry.original(), await registry.original(), await registry.original()];
  await files.rendition(originals[1]!, 'size=1');
  const progress: WarmReport[] = [];
  const report = await files.warm('gallery', originals, { onProgress: (said) => progress.push(said) });
  expect(report).toEqual({ originals: 3, made: 5, existing: 1, failed: 0, failures: [], aborted: false });
  expect(progress.map(({ originals: done }) => done)).toEqual([1, 2, 3]);
  expect(await registry.specsOf(originals[0]!)).toEqual([{ filter: 'gray', size: '1' }, { size: '1' }]);
  expect(await files.warm('gallery', originals)).toMatchObject({ made: 0, existing: 6 });
});

test('what fails is reported and holds nothing up', async () => {
  const good = await registry.original();
  const gone = await registry.original();
  await registry.erase(gone);
  maker.next(() => Promise.reject(new Error('no paint left')));
  const report = await files.warm('list', [good, gone, 'no id', good.id], { concurrency: 1 });
  expect(report).toMatchObject({ originals: 4, made: 0, existing: 0, failed: 4 });
  expect(report.failures).toEqual([
    {
      file: good.id,
      spec: 'size=2',
      code: 'RENDITION_FAILED',
      message: expect.stringContaining('no paint left'),
    },
    { file: gone.id, spec: 'size=2', code: 'FILE_CONDEMNED', message: expect.any(String) },
    { file: 'no id', spec: 'size=2', code: 'INVALID_FILE_ID', message: expect.any(String) },
    { file: good.id, spec: 'size=2', code: 'RENDITION_FAILED', message: expect.any(String) },
  ]);
});

test('at most so many originals are in flight, however many there are, and 100 failures are shown', async () => {
  let [taken, inFlight, most] = [0, 0, 0];
  async function* endless(): AsyncGenerator<FileArgument> {
    for (; taken < 250; taken++) {
      most = Math.max(most, ++inFlight);
      yield 'no id';
    }
  }
  const report = await files.warm('gallery', endless(), { concurrency: 3, onProgress: () => inFlight-- });
  expect(report).toMatchObject({ originals: 250, failed: 500 });
  expect(report.failures).toHaveLength(100);
  expect(most).toBeLessThanOrEqual(4);
});

test('its signal ends it after what is in flight', async () => {
  const abort = new AbortController();
  const originals = [await registry.original(), await registry.original()];
  const report = await files.warm('list', originals, {
    concurrency: 1,
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  expect(report).toMatchObject({ originals: 1, made: 1, aborted: true });
});

test('what the originals or onProgress throw is thrown when what is in flight has ended', async () => {
  const original = await registry.original();
  const failing = async function* () {
    yield original;
    throw new Error('the query broke');
  };
  await expect(files.warm('list', failing())).rejects.toThrow('the query broke');
  expect(await registry.specsOf(original)).toEqual([{ size: '2' }]);
  const onProgress = () => {
    throw new Error('the bar broke');
  };
  await expect(files.warm('list', [original], { onProgress })).rejects.toThrow('the bar broke');
});

test.for(['unknown', 'constructor', '__proto__'])('a set called %s is refused', async (set) => {
  await expect(files.warm(set, [])).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('renditions.sets has no set of that name; there are gallery, list'),
  });
});

test.for([{ concurrency: 0 }, { concurrency: 101 }, { onProgress: 'text' }, { signal: {} }])(
  '%j is refused',
  async (options) => {
    await expect(files.warm('list', [], options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(files.warm('list', 42 as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  },
);

test('options that are none, and an original in the place of a list, are refused', async () => {
  const original = await registry.original();
  const invalid = { code: 'INVALID_OPTION', kind: 'usage' };
  await expect(files.warm('list', original as never)).rejects.toMatchObject(invalid);
  await expect(files.warm('list', original.id as never)).rejects.toMatchObject(invalid);
  await expect(files.warm('list', [original], null as never)).rejects.toMatchObject(invalid);
  await expect(files.rendition(original, 'size=1', null as never)).rejects.toMatchObject(invalid);
});

/** One original, and then none for ever. */
async function* oneAndNoMore(original: FileArgument): AsyncGenerator<FileArgument> {
  yield original;
  await new Promise(() => undefined);
}

test('what onProgress throws ends it also where the next original never comes', async () => {
  const onProgress = () => {
    throw new Error('the bar broke');
  };
  const originals = oneAndNoMore(await registry.original());
  await expect(files.warm('list', originals, { onProgress, concurrency: 3 })).rejects.toThrow(
    'the bar broke',
  );
});

test('its signal ends it while it waits for the next original', async () => {
  const abort = new AbortController();
  const report = await files.warm('list', oneAndNoMore(await registry.original()), {
    signal: abort.signal,
    onProgress: () => setImmediate(() => abort.abort()),
  });
  expect(report).toMatchObject({ originals: 1, made: 1, aborted: true });
});

test('the originals are told that no more of them is wanted', async () => {
  const [first, second] = [await registry.original(), await registry.original()];
  const abort = new AbortController();
  let ended = false;
  const cursor = async function* () {
    try {
      yield first;
      yield second;
    } finally {
      await pause(1);
      ended = true;
    }
  };
  const report = await files.warm('list', cursor(), {
    concurrency: 1,
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  expect(report).toMatchObject({ originals: 1, aborted: true });
  expect(ended).toBe(true);
});

import { beforeEach, describe, expect, test } from 'vitest';
import { localArena, memoryArena } from './support/arena.js';

const arena = await memoryArena();
const disk = await localArena();
const adopting = { fix: 'adopt', minAgeMs: 0 } as const;

beforeEach(() => arena.clear());

async function putMany(count: number, name = 'stray'): Promise<void> {
  for (let n = 0; n < count; n++) await arena.put(`${name}/${String(n).padStart(3, '0')}`);
}

async function storeMany(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await arena.registry.store();
}

describe('exclude', () => {
  const keys = [
    '.DS_Store',
    'a/.DS_Store',
    'cache/.x/y',
    'cache/z',
    'cached',
    'tmp/1.jpg',
    'tmp/1.txt',
    'x [1] + %.txt',
  ];

  test.for<[string[], string[]]>([
    [[], keys],
    [['**'], []],
    [['**/.DS_Store'], keys.filter((key) => !key.endsWith('.DS_Store'))],
    [['cache/'], keys.filter((key) => !key.startsWith('cache/'))],
    [['./cache/**', 'tmp/*.jpg'], keys.filter((key) => !key.startsWith('cache/') && key !== 'tmp/1.jpg')],
    [['*'], keys.filter((key) => key.includes('/'))],
    [['tmp/!(*.jpg)'], keys.filter((key) => key !== 'tmp/1.txt')],
    [['x \\[1\\] + %.txt'], keys.slice(0, -1)],
    [['{cache,tmp}/**'], keys.filter((key) => !/^(cache|tmp)\//.test(key))],
  ])('%j leaves %j', async ([exclude, left]) => {
    for (const key of keys) await arena.put(key);
    const report = await arena.reconcile({ minAgeMs: 0, exclude });
    expect(report.orphans.samples.map(({ key }) => key)).toEqual(left);
    expect(report).toMatchObject({
      objects: left.length,
      objectsBytes: left.length,
      excluded: keys.length - left.length,
    });
  });

  test('what is excluded is not adopted, and its files are not compared', async () => {
    await storeMany(1);
    await putMany(2);
    await arena.put('cache/file');
    const file = await arena.registry.files.adopt('cache/file');
    await arena.lose(file.key);
    await arena.put('cache/replaced');
    const replaced = await arena.registry.files.adopt('cache/replaced');
    await arena.lose(replaced.key);
    await arena.put(replaced.key, 'longer');
    await arena.put('cache/stray');
    const report = await arena.reconcile({ ...adopting, exclude: ['cache/'], maxOrphanShare: 1 });
    expect(report).toMatchObject({
      files: 1,
      adopted: 2,
      excluded: 2,
      dangling: { count: 0 },
      mismatches: { count: 0 },
    });
    expect(await arena.rowKeys()).not.toContain('cache/stray');
  });

  test.for<[unknown, RegExp]>([
    ['tmp/**', /exclude: expected a list/],
    [[''], /expected globs of 1 to 1024 bytes, received ''/],
    [[7], /received 7/],
    [['a'.repeat(1025)], /of 1 to 1024 bytes/],
    [['half\ud800'], /of 1 to 1024 bytes/],
    [Array.from({ length: 1001 }, () => 'a'), /at most 1000 globs/],
    [['[a'], /expected a glob: .*received '\[a'/],
    [['{a'], /expected a glob/],
    [['a)'], /expected a glob/],
    [['[z-a]'], /expected a glob/],
    [['!tmp/**'], /cannot be negated/],
    [['/tmp/**'], /leave out the \/ in front/],
    [['tmp\\photo.jpg'], /put \/ between the segments/],
    [['tmp\\'], /put \/ between the segments/],
    [['a//b'], /no key has an empty segment/],
    [['../a'], /no key has/],
  ])('%j is refused, because a guard that guards nothing is worse than none', async ([exclude, message]) => {
    await expect(arena.reconcile({ exclude: exclude as string[] })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message),
    });
  });
});

describe('the share of orphans', () => {
  test('of exactly a tenth is adopted, one more is not, and nothing of it', async () => {
    await storeMany(9);
    await putMany(1);
    expect(await arena.reconcile(adopting)).toMatchObject({ objects: 10, adopted: 1 });
    await putMany(2, 'more');
    const before = await arena.wholeDatabase();
    await expect(arena.reconcile(adopting)).rejects.toMatchObject({
      code: 'TOO_MANY_ORPHANS',
      message: expect.stringContaining("2 of 12 objects in 'media' have no row"),
      context: { orphans: 2, objects: 12, maxOrphanShare: 0.1 },
      report: { orphans: { count: 2 }, adopted: 0 },
    });
    expect(await arena.wholeDatabase()).toEqual(before);
  });

  test('can be set, and forced; without fix it is nobody’s business', async () => {
    await storeMany(1);
    await putMany(3);
    expect((await arena.reconcile({ minAgeMs: 0 })).orphans.count).toBe(3);
    await expect(arena.reconcile({ ...adopting, maxOrphanShare: 0.74 })).rejects.toThrow('maxOrphanShare');
    await expect(arena.reconcile({ ...adopting, maxOrphanShare: 0 })).rejects.toThrow('maxOrphanShare');
    expect(await arena.reconcile({ ...adopting, maxOrphanShare: 0.75 })).toMatchObject({ adopted: 3 });
    await putMany(7, 'more');
    expect(await arena.reconcile({ ...adopting, force: true })).toMatchObject({ adopted: 7 });
  });

  test('is decided by all of the storage, though fewer may be adopted in one run', async () => {
    await storeMany(1);
    await putMany(30);
    await expect(arena.reconcile({ ...adopting, maxAdoptions: 1 })).rejects.toThrow('30 of 31');
    expect((await arena.rowKeys()).length).toBe(1);
  });
});

test('a run adopts so many, the first ones, and leaves the rest to the next', async () => {
  await storeMany(1);
  await putMany(5);
  const run = () => arena.reconcile({ ...adopting, maxOrphanShare: 1, maxAdoptions: 2, pageSize: 2 });
  expect(await run()).toMatchObject({ orphans: { count: 5 }, adopted: 2, adoptedBytes: 2, left: 3 });
  expect((await arena.rowKeys()).filter((key) => key.startsWith('stray'))).toEqual([
    'stray/000',
    'stray/001',
  ]);
  expect(await run()).toMatchObject({ orphans: { count: 3 }, adopted: 2, left: 1 });
  expect(await run()).toMatchObject({ orphans: { count: 1 }, adopted: 1, left: 0 });
  expect(await arena.reconcile({ ...adopting, maxAdoptions: 0 })).toMatchObject({ adopted: 0, left: 0 });
});

test('a storage that no row speaks of is compared, but not fixed unless that is forced', async () => {
  await putMany(1);
  expect((await arena.reconcile({ minAgeMs: 0 })).orphans.count).toBe(1);
  await expect(arena.reconcile({ ...adopting, maxOrphanShare: 1 })).rejects.toMatchObject({
    code: 'STORAGE_WITHOUT_ROWS',
    message: expect.stringContaining("'media'"),
  });
  expect(await arena.reconcile({ ...adopting, force: true })).toMatchObject({ adopted: 1 });
});

test('a receipt is enough for a storage to be known', async () => {
  const file = await arena.registry.store();
  await arena.registry.passTime('25 hours');
  await arena.registry.processor.drain();
  expect(await arena.rowKeys()).toEqual([]);
  expect(await arena.registry.deletion(file)).toMatchObject({ state: 'deleted' });
  await expect(arena.reconcile(adopting)).resolves.toMatchObject({ adopted: 0 });
});

describe('a registry that holds back', () => {
  test('because it is paused is compared, but not fixed, not even by force', async () => {
    await storeMany(1);
    await putMany(1);
    await arena.registry.processor.pause();
    expect((await arena.reconcile({ minAgeMs: 0 })).orphans.count).toBe(1);
    await expect(arena.reconcile({ ...adopting, force: true })).rejects.toMatchObject({
      code: 'FIX_HELD_BACK',
      context: { obstacle: 'paused' },
      message: expect.stringContaining('resume()'),
    });
    expect((await arena.rowKeys()).length).toBe(1);
  });

  test('because its rows came from another database is not fixed either', async () => {
    await storeMany(1);
    await putMany(1);
    await arena.registry.processor.drain();
    await arena.registry.pool.query(
      `update file_registry.settings set identity = identity || '{"systemIdentifier": "1"}'`,
    );
    await expect(arena.reconcile({ ...adopting, force: true })).rejects.toMatchObject({
      code: 'FIX_HELD_BACK',
      context: { obstacle: 'foreign' },
      message: expect.stringContaining('takeOwnership()'),
    });
    await arena.registry.processor.takeOwnership();
    expect(await arena.reconcile({ ...adopting, force: true })).toMatchObject({ adopted: 1 });
  });

  test('since the pass began adopts nothing', async () => {
    await storeMany(1);
    await putMany(1);
    const onFinding = async () => void (await arena.registry.processor.pause());
    await expect(arena.reconcile({ ...adopting, force: true, onFinding })).rejects.toMatchObject({
      code: 'FIX_HELD_BACK',
    });
    expect((await arena.rowKeys()).length).toBe(1);
  });
});

test('an interrupted pass adopts nothing of what it found before', async () => {
  await storeMany(1);
  await putMany(4);
  const signal = new AbortController();
  const onFinding = ({ kind, ...found }: { kind: string; key?: string }) => {
    if (kind === 'orphan' && found.key === 'stray/002') signal.abort();
  };
  await expect(
    arena.reconcile({ ...adopting, force: true, pageSize: 1, onFinding, signal: signal.signal }),
  ).rejects.toMatchObject({ code: 'RECONCILE_INTERRUPTED', report: { adopted: 0, lastKey: 'stray/002' } });
  expect((await arena.rowKeys()).length).toBe(1);
});

test('keys that a prefix leaves out are neither counted nor adopted, and their empty folders stay', async () => {
  await disk.clear();
  await disk.put('in/side');
  await disk.put('out/side');
  const report = await disk.reconcile({ ...adopting, prefix: 'in/', force: true });
  expect(report).toMatchObject({ objects: 1, adopted: 1 });
  expect(await disk.rowKeys()).toEqual(['in/side']);
});

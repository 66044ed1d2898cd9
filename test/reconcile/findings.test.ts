import { createHash } from 'node:crypto';
import { localStorage, type ReconcileFinding } from 'nestjs-file-registry';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { Arena, arenaOver, day, localArena, memoryArena } from './support/arena.js';

const memory = await memoryArena();
const arenas: [string, Arena][] = [
  ['in memory', memory],
  ['on disk', await localArena()],
];
const versioned = await arenaOver(memoryStorage({ versioned: true }));
const archive = await createTemporaryFolder('archive');
const two = { media: memoryStorage(), archive: localStorage({ root: archive.path }) };
const ofTwo = await createTestRegistry({ storages: two, defaultStorage: 'media' });

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

describe.each(arenas)('a storage %s', (_, arena) => {
  beforeEach(() => arena.clear());

  test('a storage that agrees with its rows has nothing to tell', async () => {
    const file = await arena.registry.store('bytes');
    await arena.registry.attach(file, 'agreeing');
    const report = await arena.reconcile({ minAgeMs: 0, verify: 'checksum' });
    expect(report).toEqual({
      storage: 'media',
      fix: false,
      objects: 1,
      objectsBytes: 5,
      files: 1,
      excluded: 0,
      young: 0,
      checksummed: 1,
      orphans: { count: 0, sizeBytes: 0, samples: [] },
      dangling: { count: 0, sizeBytes: 0, samples: [] },
      mismatches: { count: 0, sizeBytes: 0, samples: [] },
      obstacles: { count: 0, sizeBytes: 0, samples: [] },
      adopted: 0,
      adoptedBytes: 0,
      recovered: 0,
      left: 0,
      prunedFolders: 0,
      lastKey: file.key,
    });
  });

  test('bytes without a row are found, an empty object too, and a file without bytes', async () => {
    await arena.put('old/empty.txt', '');
    await arena.put('old/photo.jpg', 'four');
    await arena.registry.store('1');
    const gone = await arena.registry.store('22');
    await arena.lose(gone.key);

    const report = await arena.reconcile({ minAgeMs: 0 });
    expect(report).toMatchObject({ objects: 3, objectsBytes: 5, files: 2, young: 0 });
    expect(report.orphans).toEqual({
      count: 2,
      sizeBytes: 4,
      samples: [
        { kind: 'orphan', key: 'old/empty.txt', sizeBytes: 0, ageMs: expect.any(Number) },
        { kind: 'orphan', key: 'old/photo.jpg', sizeBytes: 4, ageMs: expect.any(Number) },
      ],
    });
    expect(report.dangling).toEqual({
      count: 1,
      sizeBytes: 2,
      samples: [{ kind: 'dangling', key: gone.key, fileId: gone.id, versionId: null, sizeBytes: 2 }],
    });
    expect(report.mismatches.count).toBe(0);
  });

  test('an object that was replaced under its key is a mismatch of its size, or of its checksum', async () => {
    const [longer, other, emptied] = [
      await arena.registry.store('abc'),
      await arena.registry.store('abc'),
      await arena.registry.store('abc'),
    ];
    await arena.lose(longer.key, other.key, emptied.key);
    await arena.put(longer.key, 'abcd');
    await arena.put(other.key, 'xyz');
    await arena.put(emptied.key, '');
    const mismatches = async (verify: 'none' | 'size' | 'checksum') =>
      (await arena.findings({ verify })).flatMap((finding) =>
        finding.kind === 'mismatch' ? [[finding.fileId, finding.of, finding.expected, finding.actual]] : [],
      );
    const bySize = [
      [longer.id, 'size', 3, 4],
      [emptied.id, 'size', 3, 0],
    ];
    expect(await mismatches('none')).toEqual([]);
    expect((await mismatches('size')).toSorted()).toEqual(bySize.toSorted());
    expect((await mismatches('checksum')).toSorted()).toEqual(
      [...bySize, [other.id, 'checksum', sha256('abc'), sha256('xyz')]].toSorted(),
    );
  });

  test('files behind a prefix and before it are nobody’s business', async () => {
    for (const key of ['a/1', 'b/1', 'b/2', 'b0', 'c/1']) {
      await arena.put(key);
      await arena.registry.files.adopt(key);
    }
    await arena.lose('a/1', 'b/2', 'b0', 'c/1');
    for (const pageSize of [1, 2, 1000]) {
      const report = await arena.reconcile({ prefix: 'b/', pageSize });
      expect(report).toMatchObject({
        objects: 1,
        files: 2,
        dangling: { count: 1, samples: [{ key: 'b/2' }] },
      });
    }
  });

  test('a dry run changes not one row and not one object, and tells of each finding once', async () => {
    await arena.put('stray/one');
    await arena.put('stray/two');
    const gone = await arena.registry.store();
    await arena.lose(gone.key);
    const before = [await arena.wholeDatabase(), await arena.keys()];

    const findings = await arena.findings({ minAgeMs: 0, verify: 'checksum', pageSize: 1 });
    const places = findings.map((finding) => [
      finding.kind,
      finding.kind === 'obstacle' ? finding.path : finding.key,
    ]);
    expect(places).toContainEqual(['dangling', gone.key]);
    expect(places.filter(([kind]) => kind === 'orphan')).toEqual([
      ['orphan', 'stray/one'],
      ['orphan', 'stray/two'],
    ]);
    expect([await arena.wholeDatabase(), await arena.keys()]).toEqual(before);
  });
});

describe('in memory', () => {
  const arena = memory;
  beforeEach(() => arena.clear());

  test('what is younger than the minimum age, one day if nothing else is said, is no orphan yet', async () => {
    await arena.put('old');
    arena.storage.passTime(day);
    await arena.put('young');
    expect(await arena.reconcile()).toMatchObject({
      young: 1,
      orphans: { count: 1, samples: [{ key: 'old' }] },
    });
    expect(await arena.reconcile({ minAgeMs: 3 * day })).toMatchObject({ young: 2, orphans: { count: 0 } });
  });

  test('the report keeps the first samples of each kind and counts the rest', async () => {
    for (const key of ['a', 'b', 'c']) await arena.put(key);
    const report = await arena.reconcile({ minAgeMs: 0, samples: 2 });
    expect(report.orphans).toMatchObject({ count: 3, samples: [{ key: 'a' }, { key: 'b' }] });
    expect((await arena.reconcile({ minAgeMs: 0, samples: 0 })).orphans).toMatchObject({
      count: 3,
      samples: [],
    });
  });

  test('a step waits for each finding, so that the listing goes no faster than what is done with it', async () => {
    for (const key of ['a', 'b', 'c']) await arena.put(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    const told: ReconcileFinding[] = [];
    const first = Promise.withResolvers<void>();
    const running = arena.reconcile({
      minAgeMs: 0,
      pageSize: 1,
      onFinding: (finding) => {
        told.push(finding);
        first.resolve();
        return promise;
      },
    });
    await first.promise;
    await arena.reconcile({ minAgeMs: 0 });
    expect(told).toHaveLength(1);
    resolve();
    await running;
    expect(told).toHaveLength(3);
  });

  test('progress is told after each step, and the last one is the whole', async () => {
    for (const key of ['a', 'b', 'c']) await arena.put(key, 'xx');
    const told: unknown[] = [];
    await arena.reconcile({ minAgeMs: 0, pageSize: 2, onProgress: (progress) => told.push(progress) });
    const nothing = { files: 0, dangling: 0, mismatches: 0, obstacles: 0, adopted: 0 };
    expect(told).toEqual([
      { ...nothing, objects: 2, objectsBytes: 4, orphans: 2, lastKey: 'b' },
      { ...nothing, objects: 3, objectsBytes: 6, orphans: 3, lastKey: 'c' },
    ]);
  });
});

test('of a versioned object the very version is asked for: a newer one beside it is no harm, in its place it is', async () => {
  const arena = versioned;
  const file = await arena.registry.store('abc');
  await arena.lose(file.key);
  await arena.put(file.key, 'abc');
  expect((await arena.reconcile({ verify: 'none' })).dangling.samples).toMatchObject([
    { fileId: file.id, versionId: file.versionId },
  ]);
});

test('each storage is compared with its own rows, and the default one if none is named', async () => {
  const [inMedia, inArchive] = [
    new Arena(ofTwo, two.media, undefined),
    new Arena(ofTwo, two.archive, undefined),
  ];
  const file = await ofTwo.files.store(Buffer.from('x'), { storage: 'archive' });
  await inMedia.put(file.key);
  await inArchive.put('stray');
  expect(await inMedia.reconcile({ minAgeMs: 0 })).toMatchObject({
    storage: 'media',
    files: 0,
    orphans: { samples: [{ key: file.key }] },
  });
  expect(await inMedia.reconcile({ storage: 'archive', minAgeMs: 0 })).toMatchObject({
    storage: 'archive',
    files: 1,
    dangling: { count: 0 },
    orphans: { samples: [{ key: 'stray' }] },
  });
});

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedObject, ReconcileFinding, StorageObstacle } from 'nestjs-file-registry';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { arenaOver, localArena } from './support/arena.js';

const disk = await localArena();
const memory = await arenaOver(memoryStorage());
const path = (...names: string[]) => join(disk.root, ...names);
const places = (findings: readonly ReconcileFinding[]) =>
  findings.map((finding) => [finding.kind, finding.kind === 'obstacle' ? finding.path : finding.key]);
const obstacles = (findings: readonly ReconcileFinding[]) =>
  findings.filter(({ kind }) => kind === 'obstacle');
const isRoot = process.geteuid?.() === 0;
const adopting = { fix: 'adopt', minAgeMs: 0, force: true } as const;

describe('on disk', () => {
  test('links in a circle, dangling ones, and those that lead out are told of, not followed', async () => {
    await mkdir(path('links/in'), { recursive: true });
    await symlink('..', path('links/in/circle'));
    await symlink('nowhere', path('links/dangling'));
    await symlink('/etc/hostname', path('links/out'));
    const findings = await disk.findings({ ...adopting, prefix: 'links/' });
    expect(places(findings)).toEqual([
      ['obstacle', 'links/dangling'],
      ['obstacle', 'links/in/circle'],
      ['obstacle', 'links/out'],
    ]);
    expect(findings[0]).toMatchObject({ problem: expect.stringContaining('symbolic link') });
  });

  test.skipIf(process.platform !== 'linux')(
    'a name that is no UTF-8 or no key is told of and not adopted',
    async () => {
      await mkdir(path('names'));
      const raw = (name: string) =>
        Buffer.concat([Buffer.from(`${path('names')}/`), Buffer.from(name, 'latin1')]);
      for (const name of ['caf\xe9.jpg', 'line\nbreak', 'back\\slash', 'good'])
        await writeFile(raw(name), 'x');
      const findings = await disk.findings({ ...adopting, prefix: 'names/' });
      expect(places(findings)).toEqual([
        ['obstacle', 'names/back\\slash'],
        ['obstacle', 'names/caf\ufffd.jpg'],
        ['orphan', 'names/good'],
        ['obstacle', 'names/line\nbreak'],
      ]);
      expect((await disk.rowKeys()).filter((key) => key.startsWith('names/'))).toEqual(['names/good']);
    },
  );

  test('a folder that may not be read hides its files, which are not missing therefore', async () => {
    await disk.put('closed/file');
    const file = await disk.registry.files.adopt('closed/file');
    await chmod(disk.root, 0o755);
    await chmod(path('closed'), 0);
    // Nothing is forbidden to root.
    if (isRoot) process.seteuid?.(65_534);
    const findings = await disk
      .findings({ minAgeMs: 0, prefix: 'closed/' })
      .finally(() => isRoot && process.seteuid?.(0));
    await chmod(path('closed'), 0o700);
    expect(places(findings)).toEqual([
      ['obstacle', 'closed/'],
      ['obstacle', file.key],
    ]);
  });

  test('the files of uploads that are under way are hidden', async () => {
    const id = '0198c0de-0000-7000-8000-000000000000';
    await mkdir(path('uploads'));
    await writeFile(path('uploads', `${id}-photo.jpg.part`), 'x');
    expect(await disk.findings({ minAgeMs: 0, prefix: 'uploads/' })).toEqual([]);
  });

  test('a file whose place was taken by a folder or a link is an obstacle and not missing', async () => {
    for (const key of ['taken/a', 'taken/b']) await disk.put(key);
    for (const key of ['taken/a', 'taken/b']) await disk.registry.files.adopt(key);
    await disk.lose('taken/a', 'taken/b');
    await mkdir(path('taken/a'), { recursive: true });
    await symlink('a', path('taken/b'));
    const findings = await disk.findings({ minAgeMs: 0, prefix: 'taken/' });
    expect(findings.map(({ kind }) => kind)).toEqual(['obstacle', 'obstacle', 'obstacle']);
  });
});

describe('from a listing', () => {
  beforeEach(() => memory.clear());

  const withListing = async (
    work: (onObstacle: (obstacle: StorageObstacle) => void) => AsyncGenerator<ListedObject>,
    options: object = {},
  ) => {
    Object.assign(memory.storage, {
      list: (listing: { onObstacle: (obstacle: StorageObstacle) => void }) => work(listing.onObstacle),
    });
    try {
      const findings: ReconcileFinding[] = [];
      const onFinding = (finding: ReconcileFinding) => void findings.push(finding);
      return { report: await memory.reconcile({ minAgeMs: 0, onFinding, ...options }), findings };
    } finally {
      Reflect.deleteProperty(memory.storage, 'list');
    }
  };

  test('keys that the registry cannot hold neither crash it nor are adopted', async () => {
    const bad = [
      '/absolute',
      'a//b',
      'back\\slash',
      'dot/../dot',
      'half\ud800',
      'long'.repeat(300),
      'nul\0',
      'tab\t',
    ];
    const { findings, report } = await withListing(async function* () {
      for (const key of bad) yield { key, sizeBytes: 1, ageMs: 1 };
    }, adopting);
    expect(places(findings)).toEqual(bad.map((key) => ['obstacle', key]));
    expect(report).toMatchObject({
      adopted: 0,
      orphans: { count: 0 },
      obstacles: { count: bad.length, sizeBytes: 0 },
    });
  });

  test('a row with such a key is an obstacle too', async () => {
    await memory.registry.pool.query(
      `insert into file_registry.files (id, storage, key, content_type, size)
       values (gen_random_uuid(), 'media', 'a//b', 'text/plain', 1)`,
    );
    expect(await memory.findings()).toEqual([
      { kind: 'obstacle', path: 'a//b', problem: expect.stringContaining('empty segment') },
    ]);
  });

  test('each is told once and in order though the listing fails behind it, and excluded ones are not', async () => {
    let attempt = 0;
    const { findings } = await withListing(
      async function* (tell) {
        const first = ++attempt === 1;
        if (first) {
          tell({ path: 'a/', problem: 'is closed' });
          tell({ path: 'tmp/', problem: 'is closed' });
          tell({ path: 'b', problem: 'is a link' });
          yield { key: 'aa', sizeBytes: 1, ageMs: 1 };
          throw new Error('the network is gone');
        }
        tell({ path: 'b', problem: 'is a link' });
        tell({ path: 'tmp/', problem: 'is closed' });
      },
      { exclude: ['tmp/'] },
    );
    expect(places(obstacles(findings))).toEqual([
      ['obstacle', 'a/'],
      ['obstacle', 'b'],
    ]);
  });

  test('more than can be kept between two objects are counted', async () => {
    const { report, findings } = await withListing(async function* (tell) {
      for (let n = 0; n < 10_050; n++) tell({ path: `n${String(n).padStart(5, '0')}`, problem: 'is a link' });
      yield* [];
    });
    expect(findings).toHaveLength(10_000);
    expect(report.obstacles).toMatchObject({ count: 10_050, samples: { length: 100 } });
  });
});

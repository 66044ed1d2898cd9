import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { FileImporter, FileReconciler, type FileStorage, localStorage } from 'nestjs-file-registry';
import { beforeEach, describe, expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { arenaOver, day, localArena, memoryArena } from '../reconcile/support/arena.js';
import { generatedRows, generatedStorage } from '../reconcile/support/generated-storage.js';

const arena = await localArena();
const { registry, root } = arena;
const aging = await memoryArena();
const [media, archive] = [await createTemporaryFolder('media'), await createTemporaryFolder('archive')];
const two = { media: localStorage({ root: media.path }), archive: localStorage({ root: archive.path }) };
const registryOfTwo = await createTestRegistry({ storages: two, defaultStorage: 'media' });
const ofTwo = { registry: registryOfTwo, reconciler: registryOfTwo.module.get(FileReconciler) };
const generated = generatedStorage(20_000);
let listed = 0;
const large = await arenaOver({
  ...generated,
  async *list(options) {
    for await (const object of generated.list(options)) {
      listed++;
      yield object;
    }
  },
});
const adopting = { fix: 'adopt', minAgeMs: 0, force: true } as const;

beforeEach(async () => {
  await arena.clear();
  await aging.clear();
});

async function orphans(options: object = {}): Promise<string[]> {
  const findings = await arena.findings({ minAgeMs: 0, ...options });
  return findings.flatMap((finding) => (finding.kind === 'orphan' ? [finding.key] : []));
}

async function keysOf(storage: FileStorage): Promise<string[]> {
  return (await Array.fromAsync(storage.list())).map(({ key }) => key);
}

async function periodEnds(): Promise<void> {
  await registry.passTime('25 hours');
  await registry.processor.drain();
}

describe('django-unused-media', () => {
  describe('what does not belong together is found', () => {
    test('objects in storage that no row knows', async () => {
      const held = await registry.store();
      await registry.attach(held, '1');
      await arena.put('left/behind.jpg', '12345');
      const report = await arena.reconcile({ minAgeMs: 0 });
      expect(report).toMatchObject({ objects: 2, files: 1, dangling: { count: 0 } });
      expect(report.orphans).toMatchObject({ count: 1, sizeBytes: 5, samples: [{ key: 'left/behind.jpg' }] });
    });

    test('rows whose object is missing', async () => {
      const file = await registry.store('12345');
      await arena.lose(file.key);
      const report = await arena.reconcile({ minAgeMs: 0 });
      expect(report).toMatchObject({ objects: 0, files: 1, orphans: { count: 0 } });
      expect(report.dangling).toMatchObject({ count: 1, samples: [{ fileId: file.id, key: file.key }] });
    });

    test('and what is unused goes with its bytes, what is used stays', async () => {
      const held = await registry.store();
      await registry.attach(held, '1');
      await arena.put('left/behind.jpg');
      expect(await arena.reconcile(adopting)).toMatchObject({ adopted: 1 });
      expect(await arena.keys(), 'not at once').toContain('left/behind.jpg');
      await periodEnds();
      expect(await arena.keys()).toEqual([held.key]);
      await arena.assertLaws();
    });
  });

  describe('a dry run', () => {
    test('lists what it found and changes nothing', async () => {
      await arena.put('left/behind.jpg');
      await arena.lose((await registry.store()).key);
      await mkdir(join(root, 'empty'));
      const before = [await arena.wholeDatabase(), await arena.keys()];
      const findings = await arena.findings({ minAgeMs: 0 });
      expect(findings.map(({ kind }) => kind).toSorted()).toEqual(['dangling', 'orphan']);
      expect([await arena.wholeDatabase(), await arena.keys()]).toEqual(before);
      expect(await readdir(root)).toContain('empty');
      await rm(join(root, 'empty'), { recursive: true });
    });
  });

  describe('what is left alone', () => {
    const keys = ['.DS_Store', 'cache/a/b.tmp', 'cache/c.jpg', 'd.tmp', 'e.jpg'];
    beforeEach(async () => {
      for (const key of keys) await arena.put(key);
    });

    test('names by a mask', async () => {
      expect(await orphans({ exclude: ['**/*.tmp', '.DS_Store'] })).toEqual(['cache/c.jpg', 'e.jpg']);
      await arena.reconcile({ ...adopting, exclude: ['**/*.tmp', '.DS_Store'] });
      await periodEnds();
      expect(await arena.keys()).toEqual(['.DS_Store', 'cache/a/b.tmp', 'd.tmp']);
    });

    test('folders with all below them', async () => {
      expect(await orphans({ exclude: ['cache/'] })).toEqual(['.DS_Store', 'd.tmp', 'e.jpg']);
      await arena.reconcile({ ...adopting, exclude: ['cache/'] });
      await periodEnds();
      expect(await arena.keys()).toEqual(['cache/a/b.tmp', 'cache/c.jpg']);
    });

    test('all but one folder', async () => {
      expect(await orphans({ prefix: 'cache/' })).toEqual(['cache/a/b.tmp', 'cache/c.jpg']);
    });

    test('a mask that is misspelt is refused, since it would guard nothing', async () => {
      const misspelt = arena.reconcile({ ...adopting, exclude: ['cache/[a'] });
      await expect(misspelt).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      expect(await arena.keys()).toEqual(keys);
    });
  });

  describe('a minimum age', () => {
    test('keeps what is younger, a day unless told otherwise, until it is old enough', async () => {
      await aging.put('old');
      aging.storage.passTime(day);
      await aging.put('young');
      expect(await aging.reconcile({ fix: 'adopt', force: true })).toMatchObject({ young: 1, adopted: 1 });
      expect(await aging.rowKeys()).toEqual(['old']);

      aging.storage.passTime(day);
      expect(await aging.reconcile({ fix: 'adopt', force: true })).toMatchObject({ young: 0, adopted: 1 });
      expect(await aging.rowKeys()).toEqual(['old', 'young']);
    });

    test('can be longer and shorter', async () => {
      await aging.put('object');
      aging.storage.passTime(2 * day);
      expect(await aging.reconcile({ minAgeMs: 3 * day })).toMatchObject({ young: 1, orphans: { count: 0 } });
      expect(await aging.reconcile({ minAgeMs: 1 * day })).toMatchObject({ young: 0, orphans: { count: 1 } });
    });
  });

  describe('empty directories', () => {
    test('go from the bottom upward, and never the root', async () => {
      for (const folder of ['a/b/c', 'a/b/d', 'e', 'kept/empty'])
        await mkdir(join(root, folder), { recursive: true });
      await arena.put('kept/file');
      expect(await arena.reconcile()).toMatchObject({ prunedFolders: 0 });
      expect(await arena.reconcile({ ...adopting, exclude: ['kept/file'] })).toMatchObject({
        prunedFolders: 6,
      });
      expect(await arena.keys()).toEqual(['kept/file']);

      await arena.lose('kept/file');
      await arena.reconcile(adopting);
      await expect(arena.storage.check(), 'the root is there').resolves.toBeUndefined();
    });

    test('go with their last file, too', async () => {
      await arena.put('deep/down/file');
      await arena.reconcile(adopting);
      await periodEnds();
      expect(await arena.reconcile(adopting)).toMatchObject({ objects: 0, prunedFolders: 0 });
      await expect(arena.storage.check()).resolves.toBeUndefined();
    });
  });

  describe('names of all kinds', () => {
    const names = [
      'Ärger im Büro.jpg',
      '写真/東京.png',
      'файл.txt',
      '😀/👩‍👩‍👧.gif',
      'cafe\u0301.jpg',
      'caf\u00e9.jpg',
      "it's (1) + 100%.txt",
    ];

    test('Unicode names are found, each as what it is, and go', async () => {
      for (const name of names) await arena.put(name);
      expect((await orphans()).toSorted()).toEqual(names.toSorted());
      await arena.reconcile(adopting);
      await periodEnds();
      expect(await arena.keys()).toEqual([]);
      await arena.assertLaws();
    });

    test('Unicode names that a row knows are no orphans', async () => {
      for (const [n, name] of names.entries()) {
        await arena.put(name);
        await registry.attach(await registry.files.adopt(name), String(n));
      }
      expect(await arena.findings({ minAgeMs: 0, verify: 'checksum' })).toEqual([]);
    });

    test('./ in front of a mask, and of the root, says nothing', async () => {
      await arena.put('cache/a');
      await arena.put('b');
      expect(await orphans({ exclude: ['./cache/'] })).toEqual(['b']);

      const storage = localStorage({ root: `./${relative(process.cwd(), root)}/./` });
      expect(await keysOf(storage)).toEqual(['b', 'cache/a']);
    });

    test('paths with ./ and backslashes in the tables of an application lead to their objects', async () => {
      const paths = ['./covers/a.jpg', 'covers\\b.jpg', '.\\covers\\.\\c.jpg'];
      for (const name of 'abc') await arena.put(`covers/${name}.jpg`);
      const rows = paths.map((key, ownerId) => ({ key, ownerType: 'article', ownerId, slot: 'cover' }));
      const importer = registry.module.get(FileImporter);
      expect(await importer.import(rows), 'a path as it stands is no key').toMatchObject({
        refused: 3,
        taken: 0,
      });

      const mapKey = (path: string) => join(path.replaceAll('\\', '/'));
      expect(await importer.import(rows, { mapKey })).toMatchObject({ refused: 0, taken: 3 });
      expect(await orphans()).toEqual([]);
      await periodEnds();
      expect(await arena.keys()).toHaveLength(3);
    });

    test.skipIf(process.platform === 'win32')(
      'an object with a backslash in its name is told of, and stays',
      async () => {
        await writeFile(join(root, 'odd\\name.jpg'), 'x');
        expect(await arena.findings({ ...adopting })).toMatchObject([
          { kind: 'obstacle', path: 'odd\\name.jpg' },
        ]);
        await periodEnds();
        await rm(join(root, 'odd\\name.jpg'));
      },
    );
  });

  describe('more than one storage', () => {
    test('each is compared with its own rows, and only the one that is meant is changed', async () => {
      const reconcile = (storage: string, fix: false | 'adopt') =>
        ofTwo.reconciler.reconcile({ storage, fix, minAgeMs: 0, force: true });
      await two.archive.write('stray', Readable.from(['x']), { contentType: 'text/plain' });
      await two.media.write('stray', Readable.from(['x']), { contentType: 'text/plain' });
      const kept = await ofTwo.registry.files.store(Buffer.from('x'), { storage: 'archive' });
      await ofTwo.registry.attach(kept, '1');

      expect(await reconcile('media', false)).toMatchObject({ files: 0, orphans: { count: 1 } });
      expect(await reconcile('archive', 'adopt')).toMatchObject({
        files: 1,
        adopted: 1,
        dangling: { count: 0 },
      });
      await ofTwo.registry.passTime('25 hours');
      await ofTwo.registry.processor.drain();
      expect(await keysOf(two.archive)).toEqual([kept.key]);
      expect(await keysOf(two.media)).toEqual(['stray']);
    });
  });

  describe('memory', () => {
    test('does not grow with the number of objects: the listing is never further ahead than two steps', async () => {
      const pageSize = 100;
      await large.registry.pool.query(generatedRows(20_000));
      let furthest = 0;
      const report = await large.reconcile({
        minAgeMs: 0,
        pageSize,
        samples: 5,
        onProgress: ({ objects }) => (furthest = Math.max(furthest, listed - objects)),
      });
      expect(report).toMatchObject({ objects: 20_000 - 20, orphans: { count: 20 }, dangling: { count: 20 } });
      expect(report.orphans.samples).toHaveLength(5);
      expect(furthest).toBeLessThanOrEqual(2 * pageSize);
    });
  });

  describe('a file that is referenced between the scan and the deletion stays', () => {
    test('because whoever refers to it attaches it', async () => {
      await arena.put('left/wanted.jpg');
      await arena.put('left/unwanted.jpg');
      await arena.reconcile(adopting);
      const { rows } = await registry.pool.query(
        `select id from file_registry.files where key = 'left/wanted.jpg'`,
      );
      await registry.attach(rows[0], 'late');
      await periodEnds();
      expect(await arena.keys()).toEqual(['left/wanted.jpg']);
    });

    test('also where it is adopted while the scan runs', async () => {
      await arena.put('left/wanted.jpg');
      const onFinding = async () => {
        const file = await registry.files.adopt('left/wanted.jpg');
        await registry.attach(file, 'meanwhile');
      };
      expect(await arena.reconcile({ ...adopting, onFinding })).toMatchObject({ adopted: 0, recovered: 1 });
      await periodEnds();
      expect(await arena.keys()).toEqual(['left/wanted.jpg']);
    });

    test('also where the transaction that attaches it is not over when the processor comes by', async () => {
      await arena.put('left/wanted.jpg');
      await arena.reconcile(adopting);
      const { rows } = await registry.pool.query(`select id from file_registry.files`);
      await registry.passTime('25 hours');
      const client = await registry.database.begun();
      await registry.files.in(client).attach(rows[0], { type: 'article', id: 'open', slot: 'cover' });
      await registry.processor.drain();
      await client.query('commit');
      await periodEnds();
      expect(await arena.keys()).toEqual(['left/wanted.jpg']);
      await arena.assertLaws();
    });
  });
});

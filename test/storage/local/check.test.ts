import { chmod, mkdir, rename, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../../src/errors/invalid-option-error.js';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { localStorage, type LocalStorageOptions } from '../../../src/storage/local/local-storage.js';
import { contentOf, plain, put, readText } from './content.js';
import { canMount, smallFileSystem } from './small-file-system.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

describe('options', () => {
  it.each([
    [undefined, '`localStorage`'],
    [{}, "`root` must be the path of a folder, e.g. './media'. Received: undefined"],
    [{ root: '' }, "Received: ''"],
    [{ root: 'a\0b' }, '`root`'],
    [{ root: 5 }, 'Received: 5'],
    [
      { root: 'a', deleteConcurrency: 0 },
      '`deleteConcurrency` must be a whole number from 1 to 256. Received: 0',
    ],
    [{ root: 'a', deleteConcurrency: 1.5 }, 'Received: 1.5'],
    [{ root: 'a', deleteConcurrency: '4' }, "Received: '4'"],
    [{ root: 'a', deleteConcurrency: 257 }, 'Received: 257'],
  ])('refuses %j at construction and names option and value', (options, message) => {
    const construct = () => localStorage(options as LocalStorageOptions);
    expect(construct).toThrow(InvalidOptionError);
    expect(construct).toThrow(message);
  });
});

describe('location', () => {
  it('is the URL of the real path', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real one'));
    await symlink('real one', join(folder, 'link'));
    const expected = pathToFileURL(join(folder, 'real one')).href;
    expect(localStorage({ root: join(folder, 'real one') }).location).toBe(expected);
    expect(localStorage({ root: join(folder, 'link') }).location).toBe(expected);
    expect(localStorage({ root: join(folder, 'link/') }).location).toBe(expected);
    expect(localStorage({ root: join(folder, 'link/a/b') }).location).toBe(`${expected}/a/b`);
  });
});

describe('check', () => {
  it('takes a folder, and leaves nothing in it', async () => {
    const root = await temporaryFolder();
    await localStorage({ root }).check();
    expect(await tree(root)).toEqual([]);
  });

  it('removes what a process left that was killed amid a check', async () => {
    const root = await temporaryFolder();
    const uid = process.getuid?.() ?? 0;
    await writeFile(join(root, `.file-registry-check-write-${uid}`), '.');
    await writeFile(join(root, `.file-registry-check-time-${uid}`), '.');
    const storage = localStorage({ root });
    await storage.check();
    await put(storage, 'a');
    expect(await storage.stat({ key: 'a' })).toMatchObject({ sizeBytes: 1 });
    expect(await tree(root)).toEqual(['a']);
  });

  it('takes a folder that many check at the same time', async () => {
    const root = await temporaryFolder();
    await Promise.all(Array.from({ length: 50 }, () => localStorage({ root }).check()));
    expect(await tree(root)).toEqual([]);
  });

  it('takes a root that is a symbolic link', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    const storage = localStorage({ root: join(folder, 'link') });
    await storage.check();
    await put(storage, 'a/b');
    expect(await readText(storage, 'a/b')).toBe('a/b');
    expect(await tree(join(folder, 'real'))).toEqual(['a/', 'a/b']);
  });

  it('says how to make a root that is missing, and does not make it', async () => {
    const folder = await temporaryFolder();
    const storage = localStorage({ root: join(folder, 'media') });
    await expect(storage.check()).rejects.toThrow(StorageUnusableError);
    await expect(storage.check()).rejects.toThrow(`mkdir -p '${folder}/media'`);
    await expect(storage.write('a/b', contentOf('x'), plain)).rejects.toThrow(StorageUnavailableError);
    expect(await tree(folder)).toEqual([]);
  });

  it('refuses a root that is a file, or lies below one', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(localStorage({ root: join(folder, 'file') }).check()).rejects.toThrow('is not a folder');
    await expect(localStorage({ root: join(folder, 'file/a') }).check()).rejects.toThrow(
      StorageUnusableError,
    );
  });

  it.runIf(process.platform === 'linux')(
    'refuses a folder in which no file can be made, also to root',
    async () => {
      await expect(localStorage({ root: '/proc/self' }).check()).rejects.toThrow('cannot be written');
    },
  );

  it.skipIf(process.getuid?.() === 0)('refuses a folder without permission to write', async () => {
    const root = await temporaryFolder();
    await chmod(root, 0o555);
    await expect(localStorage({ root }).check()).rejects.toThrow('EACCES');
  });

  it.runIf(canMount)('refuses a read-only file system', async () => {
    const { folder, remount } = smallFileSystem();
    remount('ro');
    const storage = localStorage({ root: folder });
    await expect(storage.check()).rejects.toThrow('EROFS');
    await expect(storage.write('a', contentOf('x'), plain)).rejects.toMatchObject({
      code: 'STORAGE_REFUSED',
    });
  });

  it.runIf(canMount)('takes a full disk, because deletions mend it', async () => {
    const { folder } = smallFileSystem();
    await writeFile(join(folder, 'filler'), Buffer.alloc(256 * 1024)).catch(() => undefined);
    const storage = localStorage({ root: folder });
    await storage.check();
    expect(await tree(folder)).toEqual(['filler']);
    expect(await storage.delete([{ key: 'filler', abandoned: false }])).toEqual([{ key: 'filler' }]);
  });
});

describe('a root that goes away', () => {
  it('is not taken for a storage whose files are all deleted', async () => {
    const root = join(await temporaryFolder(), 'root');
    await mkdir(root);
    const storage = localStorage({ root });
    await storage.check();
    await rmdir(root);
    await expect(storage.delete([{ key: 'a', abandoned: true }])).rejects.toThrow(StorageUnavailableError);
    await expect(storage.read({ key: 'a' })).rejects.toThrow(StorageUnavailableError);
  });

  it.runIf(canMount)('is noticed where a mount point is left over', async () => {
    const volume = smallFileSystem();
    const storage = localStorage({ root: volume.folder });
    await mkdir(join(volume.folder, 'a'));
    await writeFile(join(volume.folder, 'a/b'), '');
    await storage.check();
    volume.unmount();
    await expect(storage.delete([{ key: 'a/b', abandoned: false }])).rejects.toThrow(StorageUnavailableError);
    await expect(storage.read({ key: 'a/b' })).rejects.toThrow('Mount its volume again');
    await expect(storage.write('c', contentOf('x'), plain)).rejects.toMatchObject({ retryable: true });
    expect(await tree(volume.folder)).toEqual([]);
  });

  it('may be exchanged for another folder of the same volume', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'one'));
    await mkdir(join(folder, 'two'));
    await symlink('one', join(folder, 'current'));
    const storage = localStorage({ root: join(folder, 'current') });
    await storage.check();
    await symlink('two', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    await put(storage, 'a');
    expect(await tree(join(folder, 'two'))).toEqual(['a']);
  });

  it.runIf(canMount)('may be the same place on a volume that was mounted again', async () => {
    const folder = await temporaryFolder();
    await symlink(smallFileSystem().folder, join(folder, 'current'));
    await symlink(smallFileSystem().folder, join(folder, 'again'));
    const storage = localStorage({ root: join(folder, 'current') });
    await storage.check();
    await rename(join(folder, 'again'), join(folder, 'current'));
    await put(storage, 'a');
    expect(await readText(storage, 'a')).toBe('a');
  });
});

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { BytesMissingError } from '../../../src/errors/bytes-missing-error.js';
import { InvalidKeyError } from '../../../src/errors/invalid-key-error.js';
import { InvalidRangeError } from '../../../src/errors/invalid-range-error.js';
import { StorageRefusedError } from '../../../src/errors/storage-refused-error.js';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import type { FileStorage } from '../../../src/storage/storage.js';
import { put, readText } from './content.js';
import { temporaryFolder } from './temporary-folder.js';

let root: string;
let storage: FileStorage;

beforeEach(async () => {
  root = await temporaryFolder();
  storage = localStorage({ root });
});

describe('read', () => {
  it('gives back every byte of a large file', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 251));
    await writeFile(join(root, 'large'), bytes);
    expect((await buffer(await storage.read({ key: 'large' }))).equals(bytes)).toBe(true);
    const part = await buffer(await storage.read({ key: 'large' }, { start: 65_000, end: 200_000 }));
    expect(part.equals(bytes.subarray(65_000, 200_001))).toBe(true);
  });

  it.each([
    [{}, '0123456789'],
    [{ start: 0, end: 0 }, '0'],
    [{ start: 3 }, '3456789'],
    [{ end: 3 }, '0123'],
    [{ start: 2, end: 4 }, '234'],
    [{ start: 9 }, '9'],
    [{ start: 8, end: 100 }, '89'],
  ])('reads the range %j, both ends inclusive', async (range, expected) => {
    await writeFile(join(root, 'digits'), '0123456789');
    expect(await readText(storage, 'digits', range)).toBe(expected);
  });

  it.each([
    { start: 10 },
    { start: 4, end: 3 },
    { start: -1 },
    { start: 0.5 },
    { end: -1 },
    { end: Number.NaN },
  ])('refuses the range %j', async (range) => {
    await writeFile(join(root, 'digits'), '0123456789');
    await expect(storage.read({ key: 'digits' }, range)).rejects.toThrow(InvalidRangeError);
  });

  it('reads an empty file from its beginning', async () => {
    await writeFile(join(root, 'empty'), '');
    expect(await readText(storage, 'empty')).toBe('');
    expect(await readText(storage, 'empty', { start: 0 })).toBe('');
    await expect(storage.read({ key: 'empty' }, { start: 1 })).rejects.toThrow(InvalidRangeError);
  });

  it('says that the bytes are missing where file or folder are', async () => {
    await put(storage, 'file');
    for (const key of ['a', 'a/b/c', 'file/below']) {
      await expect(storage.read({ key })).rejects.toThrow(BytesMissingError);
    }
  });

  it('says so on the stream where the file went before reading began', async () => {
    await put(storage, 'a');
    const stream = await storage.read({ key: 'a' });
    await unlink(join(root, 'a'));
    await expect(buffer(stream)).rejects.toThrow(BytesMissingError);
  });

  it('refuses keys that leave the root', async () => {
    for (const key of ['..', '../x', '/etc/passwd', 'a\0b']) {
      await expect(storage.read({ key })).rejects.toThrow(InvalidKeyError);
    }
  });

  it('reads regular files only, and through no symbolic link inside the root', async () => {
    const outside = await temporaryFolder();
    await writeFile(join(outside, 'secret'), 'x');
    await mkdir(join(root, 'folder'));
    await symlink(outside, join(root, 'out'));
    await symlink(join(outside, 'secret'), join(root, 'link'));
    await symlink('nowhere', join(root, 'dangling'));
    for (const key of ['folder', 'out/secret', 'link', 'dangling', 'dangling/a']) {
      await expect(storage.read({ key })).rejects.toThrow(StorageRefusedError);
    }
  });

  it.skipIf(process.platform === 'win32')('does not wait for the other end of a named pipe', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(storage.read({ key: 'pipe' })).rejects.toThrow('not a regular file');
  });

  it('stops when its signal fires', async () => {
    await writeFile(join(root, 'large'), Buffer.alloc(1_000_000));
    await expect(storage.read({ key: 'large' }, { signal: AbortSignal.abort() })).rejects.toThrow('abort');
    const abort = new AbortController();
    const stream = await storage.read({ key: 'large' }, { signal: abort.signal });
    const reading = buffer(stream);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(stream.destroyed).toBe(true);
  });

  it.runIf(process.platform === 'linux')('holds no file open that is not being read', async () => {
    await writeFile(join(root, 'large'), Buffer.alloc(1_000_000));
    const neverRead = await storage.read({ key: 'large' });
    const destroyed = await storage.read({ key: 'large' });
    destroyed.destroy();
    for await (const chunk of await storage.read({ key: 'large' })) {
      expect(chunk).toHaveLength(65_536);
      break;
    }
    await buffer(await storage.read({ key: 'large' }));
    expect(neverRead.destroyed).toBe(false);
    await expect.poll(() => openFilesBelow(root)).toEqual([]);
  });
});

async function openFilesBelow(folder: string): Promise<string[]> {
  const handles = await readdir('/proc/self/fd');
  const paths = await Promise.all(handles.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}

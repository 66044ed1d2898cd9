import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidKeyError } from '../../../src/errors/invalid-key-error.js';
import { StorageRefusedError } from '../../../src/errors/storage-refused-error.js';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import type { FileStorage } from '../../../src/storage/storage.js';
import { contentOf, plain, put, readText } from './content.js';
import { canMount, smallFileSystem } from './small-file-system.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

let root: string;
let storage: FileStorage;

beforeEach(async () => {
  root = await temporaryFolder();
  storage = localStorage({ root });
});

describe('write', () => {
  it.each([
    ['one segment', 'a.jpg'],
    ['deep folders', '2026/01/31/ab/x.jpg'],
    ['Unicode', 'Ünï/写真/👨‍👩‍👧‍👦.jpg'],
    ['names that begin with dots', '..a/...'],
    ['percent signs', 'a%2f..%2fb'],
  ])('keeps the bytes under %s', async (_what, key) => {
    await put(storage, key);
    expect(await readText(storage, key)).toBe(key);
    expect((await tree(root)).filter((path) => path.endsWith('.part'))).toEqual([]);
  });

  it('takes an empty content, text, and chunks of any size', async () => {
    await storage.write('empty', Readable.from([]), plain);
    await storage.write('text', Readable.from(['grüße', '', '!']), plain);
    const sizes = [1, 0, 70_000, 3, 1_200_000, 65_536];
    const chunks = sizes.map((size, index) => Buffer.alloc(size, index));
    await storage.write('sizes', Readable.from(chunks), plain);
    expect(await readFile(join(root, 'empty'))).toHaveLength(0);
    expect(await readText(storage, 'text')).toBe('grüße!');
    expect((await readFile(join(root, 'sizes'))).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('shows nothing under the key before it is whole', async () => {
    const content = new PassThrough();
    const done = storage.write('a/b', content, plain);
    content.write('half');
    await untilThere(join(root, 'a/b.part'));
    expect(await tree(root)).toEqual(['a/', 'a/b.part']);
    content.end();
    await done;
    expect(await tree(root)).toEqual(['a/', 'a/b']);
  });

  it('keeps the composed and the decomposed spelling apart, as the system does', async () => {
    await put(storage, 'e\u0301');
    await put(storage, '\u00e9').catch(() => undefined);
    expect(await readText(storage, 'e\u0301')).toBe('e\u0301');
  });

  it('writes many files into new folders at once', async () => {
    const keys = Array.from({ length: 200 }, (_, n) => `2026/01/${n % 3}/${n % 7}/${n}`);
    await put(storage, ...keys);
    for (const key of keys) expect(await readText(storage, key)).toBe(key);
  });

  it.each(['', '/a', '../a', 'a/../b', 'a//b', './a', 'a\0', 'a\\b', '\ud800', 'x'.repeat(256)])(
    'refuses the key %j and ends the content',
    async (key) => {
      const content = contentOf('x');
      await expect(storage.write(key, content, plain)).rejects.toThrow(InvalidKeyError);
      expect(content.destroyed).toBe(true);
      expect(await tree(root)).toEqual([]);
    },
  );

  it('never overwrites, and leaves what lies there alone', async () => {
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a/b'), 'foreign');
    await expect(put(storage, 'a/b')).rejects.toThrow(StorageRefusedError);
    expect(await readFile(join(root, 'a/b'), 'utf8')).toBe('foreign');
    expect(await tree(root)).toEqual(['a/', 'a/b']);
  });

  it('leaves the temporary file of another write alone', async () => {
    await writeFile(join(root, 'b.part'), 'another');
    await expect(put(storage, 'b')).rejects.toThrow('EEXIST');
    expect(await readFile(join(root, 'b.part'), 'utf8')).toBe('another');
  });

  it('lets only one of two writes of a key through', async () => {
    const results = await Promise.allSettled([put(storage, 'a/b'), put(storage, 'a/b')]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readText(storage, 'a/b')).toBe('a/b');
  });

  it('refuses a folder where a file lies, and a name that leaves no room for the temporary one', async () => {
    await put(storage, 'a');
    await expect(put(storage, 'a/b')).rejects.toThrow(StorageRefusedError);
    await expect(put(storage, 'a/b/c')).rejects.toThrow(StorageRefusedError);
    await expect(put(storage, `new/${'x'.repeat(255)}`)).rejects.toThrow('ENAMETOOLONG');
    expect(await tree(root)).toEqual(['a']);
  });

  it('follows no symbolic link inside the root, wherever it leads', async () => {
    const outside = await temporaryFolder();
    await mkdir(join(root, 'real'));
    await symlink(outside, join(root, 'out'));
    await symlink('real', join(root, 'in'));
    await symlink('nowhere', join(root, 'dangling'));
    await symlink(join(outside, 'stolen'), join(root, 'link.part'));
    for (const key of ['out/a', 'out/new/a', 'in/a', 'dangling/a', 'link']) {
      await expect(put(storage, key)).rejects.toThrow(StorageRefusedError);
    }
    expect(await tree(outside)).toEqual([]);
    expect(await tree(root)).toEqual(['dangling', 'in', 'link.part', 'out', 'real/']);
  });

  it('prunes no folder that lies behind a symbolic link', async () => {
    const outside = await temporaryFolder();
    await mkdir(join(outside, 'empty'));
    await symlink(outside, join(root, 'out'));
    await expect(put(storage, 'out/empty/a')).rejects.toThrow('symbolic link');
    expect(await tree(outside)).toEqual(['empty/']);
  });
});

describe('a write that fails', () => {
  it('passes on the error of the content as it is, and leaves nothing', async () => {
    const failure = Object.assign(new Error('connection reset'), { code: 'ECONNRESET', syscall: 'read' });
    const content = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw failure;
      })(),
    );
    await expect(storage.write('a/b/c', content, plain)).rejects.toBe(failure);
    expect(await tree(root)).toEqual([]);
  });

  it('passes on the error of a content that fails before it is read', async () => {
    const failure = new Error('early');
    const content = new PassThrough();
    const written = storage.write('a/b', content, plain);
    // An error that nobody listens to would end the process.
    expect(content.listenerCount('error')).toBeGreaterThan(0);
    content.destroy(failure);
    await expect(written).rejects.toBe(failure);
    expect(await tree(root)).toEqual([]);
  });

  it('notices a content that ends without an end', async () => {
    const content = new PassThrough();
    const written = storage.write('a/b', content, plain);
    content.write('half');
    await untilThere(join(root, 'a/b.part'));
    content.destroy();
    await expect(written).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(await tree(root)).toEqual([]);
  });

  it('rejects with the reason of an abort, and leaves nothing', async () => {
    const abort = new AbortController();
    const content = new PassThrough();
    const written = storage.write('a/b', content, { ...plain, signal: abort.signal });
    content.write('half');
    await untilThere(join(root, 'a/b.part'));
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(written).rejects.toBe(reason);
    expect(content.destroyed).toBe(true);
    expect(await tree(root)).toEqual([]);
  });

  it('begins nothing once aborted', async () => {
    const content = contentOf('x');
    const signal = AbortSignal.abort();
    await expect(storage.write('a/b', content, { ...plain, signal })).rejects.toBe(signal.reason);
    expect(content.destroyed).toBe(true);
    expect(await tree(root)).toEqual([]);
  });

  it('keeps the folders that another file needs', async () => {
    await put(storage, 'a/kept');
    const content = Readable.from(
      (async function* () {
        throw new Error('no');
      })(),
    );
    await expect(storage.write('a/b/c', content, plain)).rejects.toThrow('no');
    expect(await tree(root)).toEqual(['a/', 'a/kept']);
  });

  it('does not put its file back after the key was abandoned and deleted', async () => {
    const content = new PassThrough();
    const written = storage.write('a/b', content, plain);
    content.write('half');
    await untilThere(join(root, 'a/b.part'));
    expect(await storage.delete([{ key: 'a/b', abandoned: true }])).toEqual([{ key: 'a/b' }]);
    content.end();
    await expect(written).rejects.toThrow(StorageUnavailableError);
    expect(await tree(root)).toEqual([]);
  });

  it.runIf(canMount)('says that the disk is full, may be tried again, and leaves nothing', async () => {
    const { folder } = smallFileSystem();
    const small = localStorage({ root: folder });
    const written = small.write('a/b', contentOf(Buffer.alloc(1024 * 1024)), plain);
    await expect(written).rejects.toThrow(/ENOSPC.*Free some space/);
    await expect(written).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true });
    expect(await tree(folder)).toEqual([]);
    await put(small, 'a/b');
    expect((await stat(join(folder, 'a/b'))).size).toBe(3);
  });
});

/** Looks again at each turn of the event loop, for what another promise is about to do. */
async function untilThere(path: string): Promise<void> {
  for (;;) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.size > 0) return;
  }
}

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  type FileStorage,
  InvalidOptionError,
  type PresignWriteOptions,
  type StorageDeletion,
  type StorageUrlOptions,
} from 'nestjs-file-registry';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { assertPlaces, drainLapsed } from './memory-places.js';

const minute = 60_000;
const media = memoryStorage({ versioned: true });
const plain = memoryStorage();
const typeOf = new Map<string, string>();
const deleted: StorageDeletion[] = [];
const signed: (PresignWriteOptions & { key: string })[] = [];
let signing: Error | undefined;

// A storage that signs, and says of an object whatever type the client sent.
const signer: FileStorage = {
  location: media.location,
  check: () => media.check(),
  write: (...args) => media.write(...args),
  read: (...args) => media.read(...args),
  list: (...args) => media.list(...args),
  delete: (...args) => {
    deleted.push(...args[0]);
    return media.delete(...args);
  },
  stat: async (object) => {
    const found = await media.stat(object);
    return found && { ...found, contentType: typeOf.get(object.key) };
  },
  url: async ({ key, versionId }, options: StorageUrlOptions) =>
    `https://media/${key}?${JSON.stringify({ versionId, ...options })}`,
  presignWrite: async (key, options) => {
    signed.push({ key, ...options });
    if (signing !== undefined) throw signing;
    return {
      method: options.kind === 'put' ? 'PUT' : 'POST',
      url: `https://media/${key}`,
      headers: {},
      fields: {},
    };
  },
};
const registry = await createTestRegistry({
  storages: { media: signer, plain },
  defaultStorage: 'media',
  uploadTtlMs: 10 * minute,
  allowedContentTypes: ['image/*'],
});
const { files, processor } = registry;
const png = { filename: 'a b.png', contentType: 'image/png' };

afterEach(() => assertPlaces(registry, { media, plain }));

/** As the client does it. */
async function put(content = 'bytes', contentType = 'image/png'): Promise<void> {
  const key = signed.at(-1)!.key;
  await media.delete([{ key, abandoned: false }]);
  await media.write(key, Readable.from([Buffer.from(content)]), { contentType });
  typeOf.set(key, contentType);
}

async function confirmed() {
  const upload = await files.reserveUpload(png);
  await put();
  return files.confirmUpload(upload);
}

const hasBytes = () => media.has(signed.at(-1)!.key);

test('a client uploads by itself, and confirming makes it a file of the reserved id, name and type', async () => {
  const upload = await files.reserveUpload(png);
  expect(upload).toMatchObject({
    method: 'PUT',
    url: expect.stringContaining(upload.id),
    headers: {},
    fields: {},
  });
  expect(signed.at(-1)).toEqual({
    key: expect.stringContaining(`${upload.id}-a b.png`),
    contentType: 'image/png',
    maxSizeBytes: 5 * 1024 ** 3,
    expiresInMs: 15 * minute,
    kind: 'put',
  });
  await put();

  const file = await files.confirmUpload(upload.id, { metadata: { by: 'client' } });
  const { versionId } = (await media.stat({ key: file.key }))!;
  expect(file).toMatchObject({
    id: upload.id,
    filename: 'a b.png',
    contentType: 'image/png',
    size: 5,
    checksum: null,
    versionId,
    metadata: { by: 'client' },
  });
  await registry.attach(file, '1');
  await drainLapsed(registry, '25 hours');
  expect(await text(await files.read(file))).toBe('bytes');
});

test.each([
  ['a client wrote', true, async () => confirmed()],
  ['was stored', false, async () => files.store(Buffer.from('bytes'), png)],
])('a key that %s loses every version: %s', async (_what, every, make) => {
  const file = await make();
  deleted.length = 0;
  await registry.db.transaction().execute((trx) => files.in(trx).erase(file));
  await processor.drain();
  expect(file.versionId).not.toBeNull();
  const versionId = every ? undefined : file.versionId;
  expect(deleted).toEqual([{ key: file.key, versionId, abandoned: false }]);
});

test('what a client wrote loses every version by the lease of a settle, and where it moved from', async () => {
  const [unattached, moved] = [await confirmed(), await confirmed()];
  await registry.attach(moved, '2');
  await files.move(moved, 'plain');
  deleted.length = 0;
  await drainLapsed(registry, '25 hours');
  const gone = [moved, unattached].map(({ key }) => ({ key, versionId: undefined, abandoned: false }));
  expect(deleted.filter(({ key }) => gone.some((object) => object.key === key))).toEqual(
    expect.arrayContaining(gone),
  );
});

test('confirming again answers the same file, also twice at once', async () => {
  const upload = await files.reserveUpload(png);
  await put();
  const [one, two] = await Promise.all([files.confirmUpload(upload), files.confirmUpload(upload)]);
  expect(one).toEqual(two);
  expect(await files.confirmUpload(upload, { metadata: { late: true } })).toEqual(one);
});

test('what is not uploaded yet cannot be confirmed, and can be when it is', async () => {
  const upload = await files.reserveUpload(png);
  const error = await errorOf(files.confirmUpload(upload));
  expect(error).toMatchObject({ code: 'UPLOAD_INCOMPLETE', retryable: true });
  await put();
  expect(await files.confirmUpload(upload)).toMatchObject({ size: 5 });
});

test('what is never confirmed goes once nobody may write it any longer, and not before', async () => {
  const upload = await files.reserveUpload({ ...png, expiresInMs: 30 * minute });
  await put();
  await registry.passTime('39 minutes');
  await processor.drain();
  expect(hasBytes()).toBe(true);
  await drainLapsed(registry, '2 minutes');
  expect(hasBytes()).toBe(false);
  expect(await errorOf(files.confirmUpload(upload))).toMatchObject({ code: 'UPLOAD_EXPIRED' });
});

test('what is larger than was reserved is refused and goes, also when it is written again until the URL expires', async () => {
  const upload = await files.reserveUpload({ ...png, maxSizeBytes: 4, expiresInMs: 60 * minute });
  await put('bytes');
  const error = await errorOf(files.confirmUpload(upload));
  expect(error).toMatchObject({ code: 'CONTENT_TOO_LARGE', context: { size: 5, maxSizeBytes: 4 } });
  await processor.drain();
  expect(hasBytes()).toBe(false);
  expect(await errorOf(files.confirmUpload(upload))).toMatchObject({ code: 'UPLOAD_EXPIRED' });

  await registry.passTime('59 minutes');
  await processor.drain();
  await put('four');
  expect(await errorOf(files.confirmUpload(upload))).toMatchObject({ code: 'UPLOAD_EXPIRED' });
  await registry.passTime('12 minutes');
  await processor.drain();
  expect(hasBytes()).toBe(false);
});

test('what has another type than was reserved is refused and goes; parameters do not count', async () => {
  const refused = await files.reserveUpload(png);
  await put('<html>', 'text/html');
  expect(await errorOf(files.confirmUpload(refused))).toMatchObject({ code: 'CONTENT_TYPE_NOT_ALLOWED' });
  await processor.drain();
  expect(hasBytes()).toBe(false);

  const taken = await files.reserveUpload(png);
  await put('bytes', 'Image/PNG; q=1');
  expect(await files.confirmUpload(taken)).toMatchObject({ contentType: 'image/png' });
});

test('nothing but an upload that a client was to make can be confirmed', async () => {
  const [running, move] = [randomUUID(), randomUUID()];
  for (const id of [running, move]) {
    await registry.pool.query(`select file_registry.reserve($1, 'media', $2, null, 60000)`, [
      id,
      `2026/${id}`,
    ]);
    expect(await errorOf(files.confirmUpload(id))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  }
  expect(await errorOf(files.confirmUpload(randomUUID()))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(await errorOf(files.confirmUpload('no id'))).toMatchObject({ code: 'INVALID_FILE_ID' });
  const rows = await registry.tables
    .selectFrom('deletions')
    .select('state')
    .where('file_id', '=', running)
    .execute();
  expect(rows).toEqual([{ state: 'reserved' }]);
});

test('what a client may not upload is refused before anything is reserved', async () => {
  const pending = () =>
    registry.tables.selectFrom('deletions').select('file_id').where('state', '=', 'reserved').execute();
  const before = await pending();
  const code = async (options: object) => (await errorOf(files.reserveUpload(options))).code;
  expect(await code({ contentType: 'text/html' })).toBe('CONTENT_TYPE_NOT_ALLOWED');
  expect(await code({ ...png, storage: 'nowhere' })).toBe('UNKNOWN_STORAGE');
  expect(await code({ ...png, storage: 'plain' })).toBe('STORAGE_REFUSED');
  expect(await code({ ...png, kind: 'patch' })).toBe('INVALID_OPTION');
  expect(await code({ ...png, maxSizeBytes: 0 })).toBe('INVALID_OPTION');
  for (const expiresInMs of [999, 7 * 24 * 60 * minute + 1, 1000.5, '1000']) {
    expect(await code({ ...png, expiresInMs })).toBe('INVALID_OPTION');
  }
  expect(await pending()).toEqual(before);
});

test('a reservation whose signature fails is given up at once', async () => {
  signing = new InvalidOptionError('The test signs nothing.');
  expect(await errorOf(files.reserveUpload({ ...png, kind: 'post' }))).toBe(signing);
  signing = undefined;
  const last = await registry.tables
    .selectFrom('deletions')
    .select('state')
    .where('key', '=', signed.at(-1)!.key)
    .execute();
  expect(last).toEqual([{ state: 'abandoned' }]);
});

test('a URL is that of the exact version, with the type of the file and its name for a download', async () => {
  const upload = await files.reserveUpload(png);
  await put();
  const file = await files.confirmUpload(upload);
  const url = async (options?: object) =>
    JSON.parse(decodeURI((await files.url(file, options)).split('?')[1] ?? ''));
  const { versionId } = file;
  expect(await url()).toEqual({ versionId, expiresInMs: 15 * minute, contentType: 'image/png' });
  expect(await url({ expiresInMs: 1000, download: true })).toEqual({
    versionId,
    expiresInMs: 1000,
    filename: 'a b.png',
    contentType: 'image/png',
  });
});

test('a URL of what is no file, of a storage without URLs or with wrong options is refused', async () => {
  const file = await files.store(Buffer.from('bytes'), { ...png, storage: 'plain' });
  const code = async (id: string, options?: object) => (await errorOf(files.url(id, options))).code;
  expect(await code(file.id)).toBe('STORAGE_REFUSED');
  expect(await code(randomUUID())).toBe('FILE_NOT_FOUND');
  expect(await code(file.id, { expiresInMs: 0 })).toBe('INVALID_OPTION');
  expect(await code(file.id, { expiresInMs: 7 * 24 * 60 * minute + 1 })).toBe('INVALID_OPTION');
  expect(await code(file.id, { download: 'yes' })).toBe('INVALID_OPTION');
});

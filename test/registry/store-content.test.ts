import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { FileContent } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files } = registry;
const folder = await createTemporaryFolder('source');

// Several chunks of every kind of stream, and no repetition that would hide swapped or lost ones.
const bytes = Buffer.concat(
  Array.from({ length: 10_000 }, (_, n) => createHash('sha256').update(String(n)).digest()),
);
const halves = [bytes.subarray(0, 100_001), bytes.subarray(100_001)];
const empty = Buffer.alloc(0);

function pushing(chunks: Buffer[]): Readable {
  const left = [...chunks];
  return new Readable({
    read() {
      this.push(left.shift() ?? null);
    },
  });
}

function web(chunks: Uint8Array[]): ReadableStream {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

async function fileStream(content: Buffer): Promise<Readable> {
  const path = join(folder.path, `${content.length}.bin`);
  await writeFile(path, content);
  return createReadStream(path);
}

async function piped(content: Buffer): Promise<Readable> {
  return pushing([content]).pipe(new PassThrough());
}

function viewWithOffset(content: Buffer): Uint8Array {
  const room = new Uint8Array(content.length + 20).fill(0xff);
  room.set(content, 7);
  return new Uint8Array(room.buffer, 7, content.length);
}

const kinds: Record<string, (chunks: Buffer[], whole: Buffer) => FileContent | Promise<FileContent>> = {
  'a Readable': (chunks) => pushing(chunks),
  'a Readable.from chunks': (chunks) => Readable.from(chunks),
  'a Readable in byte mode': (chunks) => Readable.from(chunks, { objectMode: false }),
  'a stream of a file': (_, whole) => fileStream(whole),
  'a Transform that is written to': (_, whole) => piped(whole),
  'a web stream': (chunks) => web(chunks),
  'a web stream of Uint8Arrays': (chunks) => web(chunks.map(viewWithOffset)),
  'the body of a Response': (_, whole) => new Response(new Uint8Array(whole)).body ?? empty,
  'a Buffer': (_, whole) => whole,
  'a Uint8Array view with an offset': (_, whole) => viewWithOffset(whole),
  'a Blob': (chunks) => new Blob(chunks.map((chunk) => new Uint8Array(chunk))),
  'a File': (_, whole) => new File([new Uint8Array(whole)], 'a.bin'),
};

test.for(Object.entries(kinds))('%s is stored byte by byte', async ([, make]) => {
  const file = await files.store(await make(halves, bytes));

  expect(file).toMatchObject({
    size: bytes.length,
    checksum: createHash('sha256').update(bytes).digest('hex'),
  });
  expect(Buffer.concat(await (await files.read(file)).toArray()).equals(bytes)).toBe(true);
  await registry.assertLaws();
});

test.for(Object.entries(kinds))('%s without a byte is a file of 0 bytes', async ([, make]) => {
  const file = await files.store(await make([], empty));

  expect(file).toMatchObject({ size: 0, checksum: createHash('sha256').digest('hex') });
  expect(await (await files.read(file)).toArray()).toEqual([]);
  await registry.assertLaws();
});

test('chunks without a byte between others change nothing', async () => {
  const file = await files.store(Readable.from([empty, Buffer.from('ab'), empty, Buffer.from('c'), empty]));

  expect(file).toMatchObject({ size: 3, checksum: createHash('sha256').update('abc').digest('hex') });
});

test('a file says who it is, and is found as it was answered', async () => {
  const before = Date.now();
  const file = await files.store(Buffer.from('abc'), { filename: 'photo.jpg', metadata: { by: 'Ada' } });

  expect(file).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    storage: 'media',
    key: expect.stringMatching(new RegExp(`/${file.id}-photo\\.jpg$`)),
    versionId: null,
    filename: 'photo.jpg',
    contentType: 'image/jpeg',
    size: 3,
    checksum: createHash('sha256').update('abc').digest('hex'),
    metadata: { by: 'Ada' },
    createdAt: expect.any(Date),
  });
  // Only that the time is one, and of this year: the clock is the database's.
  expect(Math.abs(file.createdAt.getTime() - before)).toBeLessThan(86_400_000);
  expect(await files.find(file.id)).toEqual(file);
});

test('two files of one name and one content are two files with keys of their own', async () => {
  const [one, two] = await Promise.all([
    files.store(Buffer.from('same'), { filename: 'same.txt' }),
    files.store(Buffer.from('same'), { filename: 'same.txt' }),
  ]);

  expect(one.key).not.toBe(two.key);
  expect(await registry.hasBytes(one)).toBe(true);
  expect(await registry.hasBytes(two)).toBe(true);
});

test('content may end in the same turn in which the upload begins', async () => {
  const stream = new PassThrough();
  const stored = files.store(stream);
  stream.end('at once');

  expect(await stored).toMatchObject({ size: 7 });
});

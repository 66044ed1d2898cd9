import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { expectNothingLeft } from './nothing-is-left.js';

const registry = await createTestRegistry();
const { files } = registry;

afterEach(() => expectNothingLeft(registry, registry.media));

const refusal = { code: 'INVALID_CONTENT', kind: 'usage' };
const store = (content: unknown) => errorOf(files.store(content as Buffer));

async function deletionRows(): Promise<number> {
  return (await registry.tables.selectFrom('deletions').select('file_id').execute()).length;
}

test.for([
  ['undefined', undefined],
  ['null', null],
  ['a text', 'content'],
  ['a number', 42],
  ['a plain object', { pipe: 'dream' }],
  ['an array', [1, 2, 3]],
  ['an ArrayBuffer', new ArrayBuffer(3)],
  ['a function', () => Buffer.from('')],
] as const)('%s is no content', async ([, content]) => {
  const rowsBefore = await deletionRows();

  expect(await store(content)).toMatchObject({
    ...refusal,
    message: expect.stringMatching(/Pass (Buffer\.from\(text\), )?a Readable/),
  });
  expect(await deletionRows()).toBe(rowsBefore);
});

test('a text is refused without repeating it', async () => {
  expect(await store('a secret')).toMatchObject({
    message:
      'Content cannot be a text. Pass Buffer.from(text), a Readable, a web ReadableStream, a Buffer, a Uint8Array or a Blob.',
    context: { received: 'a text' },
  });
});

test('a stream that was read to its end is refused', async () => {
  const stream = Readable.from([Buffer.from('read')]);
  await stream.toArray();

  expect(await store(stream)).toMatchObject({
    ...refusal,
    message: expect.stringContaining('has ended or was destroyed'),
  });
});

test('a stream that was destroyed is refused', async () => {
  const stream = new PassThrough();
  stream.destroy();

  expect(await store(stream)).toMatchObject(refusal);
});

test('a stream that had failed is refused', async () => {
  const stream = new PassThrough();
  stream.destroy(new Error('before'));
  await once(stream, 'error');

  expect(await store(stream)).toMatchObject(refusal);
});

test('a web stream that is locked is refused and left to its reader', async () => {
  const stream = new Blob(['abc']).stream();
  const reader = stream.getReader();

  expect(await store(stream)).toMatchObject({ ...refusal, message: expect.stringContaining('locked') });
  expect((await reader.read()).value).toEqual(new TextEncoder().encode('abc'));
  await reader.cancel();
});

test('a web stream that was read before is refused, its rest would look like a whole', async () => {
  const wholly = new Response('abc');
  const { body } = wholly;
  await wholly.text();
  expect(await store(body)).toMatchObject(refusal);

  const partly = ReadableStream.from([Buffer.from('abc'), Buffer.from('def')]);
  const reader = partly.getReader();
  await reader.read();
  reader.releaseLock();
  expect(await store(partly)).toMatchObject(refusal);
  await partly.cancel();
});

test('a Readable whose first bytes were looked at and put back is stored whole', async () => {
  const stream = Readable.from([Buffer.from('abc'), Buffer.from('def')], { objectMode: false });
  await once(stream, 'readable');
  stream.unshift(stream.read() as Buffer);

  expect(await files.store(stream)).toMatchObject({ size: 6 });
});

test('a Readable that was partly read is stored from where it is', async () => {
  const stream = Readable.from([Buffer.from('abc'), Buffer.from('def')], { objectMode: false });
  await once(stream, 'readable');
  stream.read(2);

  expect(await files.store(stream)).toMatchObject({ size: 4 });
});

test.for([
  ['texts', () => Readable.from(['some', 'text'])],
  ['texts because of setEncoding', () => Readable.from([Buffer.from('text')], { encoding: 'utf8' })],
  ['objects', () => Readable.from([{ some: 'object' }])],
  ['numbers behind bytes', () => Readable.from([Buffer.from('a'), 1])],
] as const)('a stream that yields %s is refused, destroyed, and nothing stays', async ([, make]) => {
  const stream = make();

  expect(await store(stream)).toMatchObject({
    ...refusal,
    message: expect.stringContaining('instead of bytes'),
  });
  expect(stream.destroyed).toBe(true);
});

test.for([
  ['texts', () => ReadableStream.from(['some', 'text'])],
  ['objects', () => ReadableStream.from([{ some: 'object' }])],
] as const)('a web stream that yields %s is refused, and nothing stays', async ([, make]) => {
  expect(await store(make())).toMatchObject({
    ...refusal,
    message: expect.stringContaining('instead of bytes'),
  });
});

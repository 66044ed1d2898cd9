import { readdir } from 'node:fs/promises';
import * as api from 'nestjs-file-registry';
import { FileRegistryError } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;

type ErrorClass = new (
  message: string,
  details?: { context?: Record<string, unknown>; cause?: unknown },
) => FileRegistryError;

const classes = Object.entries<unknown>(api).filter(
  (entry): entry is [string, ErrorClass] =>
    typeof entry[1] === 'function' && entry[1].prototype instanceof FileRegistryError,
);

test('all error classes of the package are exported', async () => {
  const names = (await readdir(new URL('../../src/errors', import.meta.url)))
    .filter((name) => name !== 'file-registry-error.ts')
    .map((name) =>
      name.replace(/\.ts$/, '').replace(/(^|-)(\w)/g, (_, _dash, letter) => letter.toUpperCase()),
    );

  expect(classes.map(([name]) => name).toSorted()).toEqual(names.toSorted());
});

test.for(classes)('%s says what it is, where, and why', ([name, Class]) => {
  const cause = new Error('why');
  const error = new Class('What happened. What to do.', { context: { where: 'here' }, cause });

  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name,
    message: 'What happened. What to do.',
    context: { where: 'here' },
    cause,
  });
  // The code is the name of the class, and stays when a bundler renames the class.
  expect(error.code).toBe(
    name
      .replace(/Error$/, '')
      .replace(/\B([A-Z])/g, '_$1')
      .toUpperCase(),
  );
  expect(['usage', 'retryable', 'permanent']).toContain(error.kind);
  expect(error.retryable).toBe(error.kind === 'retryable');
});

test.for(classes)('%s without details has an empty context and no cause', ([, Class]) => {
  const error = new Class('Only a message.');

  expect(error.context).toEqual({});
  expect('cause' in error).toBe(false);
});

test('every code is unique', () => {
  const codes = classes.map(([, Class]) => new Class('').code);

  expect(new Set(codes).size).toBe(codes.length);
});

const owner = { type: 'article', id: 1, slot: 'cover' };
const missing = '01987654-3210-7000-8000-000000000000';
const attach = (file: string) => db.transaction().execute((trx) => files.in(trx).attach(file, owner));
const content = Buffer.from('abc');

test.for<[string, () => Promise<unknown>, RegExp]>([
  [
    'FILE_NOT_FOUND',
    () => attach(missing),
    /Store the content first and pass the id that store\(\) answers\.$/,
  ],
  [
    'INVALID_FILE_ID',
    () => attach('x'),
    /Pass the id that store\(\) answered, or an object that has it as 'id'\.$/,
  ],
  [
    'INVALID_OWNER',
    () => files.filesOf({ type: 'file', id: 1 }),
    /Choose another, such as the name of the record's table\.$/,
  ],
  [
    'INVALID_CONTENT',
    () => files.store(42 as never),
    /Pass a Readable, a web ReadableStream, a Buffer, a Uint8Array or a Blob\.$/,
  ],
  [
    'INVALID_FILENAME',
    () => files.store(content, { filename: 1 as never }),
    /Leave it out if there is none\.$/,
  ],
  [
    'INVALID_METADATA',
    () => files.store(content, { metadata: { a: 'x'.repeat(70_000) } }),
    /Keep it in a table of yours\.$/,
  ],
  [
    'CONTENT_TOO_LARGE',
    () => files.store(content, { maxSizeBytes: 2 }),
    /Raise maxSizeBytes, or refuse it at the door\.$/,
  ],
  [
    'CONTENT_TYPE_NOT_ALLOWED',
    () => files.store(content, { contentType: 'x' }),
    /Pass one such as 'image\/jpeg', of at most 255 printable ASCII characters\.$/,
  ],
  [
    'UNKNOWN_STORAGE',
    () => files.store(content, { storage: 'x' }),
    /Configure it under `storages`, or correct the name\.$/,
  ],
  [
    'TRANSACTION_REQUIRED',
    async () => files.in(db as never),
    /Pass the transaction that db\.transaction\(\)\.execute\(\) hands to its callback\. Nothing was changed\.$/,
  ],
])('%s ends with what to do next', async ([code, call, ending]) => {
  const error = await errorOf(call());

  expect(error.code).toBe(code);
  expect(error.message).toMatch(ending);
});

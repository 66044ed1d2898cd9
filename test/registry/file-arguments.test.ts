import { randomUUID } from 'node:crypto';
import type { FileArgument } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;
const file = await registry.store();
const owner = { type: 'article', id: 1, slot: 'cover' };

class Photo {
  get id(): string {
    return file.id;
  }
}

test.for([
  ['its id', file.id],
  ['its id in capitals', file.id.toUpperCase()],
  ['the stored file', file],
  ['any object with its id', { id: file.id, title: 'mine' }],
  ['an object whose class answers its id', new Photo()],
  ['an object without a prototype', Object.assign(Object.create(null), { id: file.id })],
] as const)('a file is named by %s', async ([, argument]) => {
  expect(await files.find(argument)).toEqual(file);
  expect(await files.count([argument])).toEqual([0]);
  expect(await (await files.read(argument)).toArray()).toEqual([Buffer.from('bytes')]);
  expect(await files.references(argument)).toEqual([]);
  await db.transaction().execute(async (trx) => {
    expect(await files.in(trx).attach(argument, owner)).toEqual({ attached: 1 });
    expect(await files.in(trx).replace(owner, argument)).toEqual({ attached: 0, detached: 0 });
    expect(await files.in(trx).detach(argument, owner)).toEqual({ detached: 1 });
  });
});

test.for<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['nothing', ''],
  ['a number', 42],
  ['a word', 'photo'],
  ['an id that is cut', file.id.slice(0, -1)],
  ['an id that is too long', `${file.id}0`],
  ['an id with a blank', ` ${file.id}`],
  ['an id with NUL', `${file.id}\0`],
  ['an id in braces', `{${file.id}}`],
  ['an id without hyphens', file.id.replaceAll('-', '')],
  ['SQL', `${file.id}'; drop schema file_registry cascade; --`],
  ['an object without an id', {}],
  ['an object with another id', { id: 42 }],
  ['an object whose id is an object without a prototype', { id: Object.create(null) }],
  ['a symbol', Symbol('id')],
  ['a promise that nobody awaited', Promise.resolve(file)],
])('%s is no file: every call says so, and the transaction goes on', async ([, bad]) => {
  const argument = bad as FileArgument;
  await db.transaction().execute(async (trx) => {
    const tx = files.in(trx);
    for (const call of [
      tx.attach(argument, owner),
      tx.attach([file, argument], owner),
      tx.attachMany([{ file: argument, owner }]),
      tx.detach(argument, owner),
      ...(argument === null ? [] : [tx.replace(owner, argument)]),
      files.find(argument),
      files.find([argument]),
      files.count(argument),
      files.references(argument),
      files.read(argument),
    ]) {
      const error = await errorOf(call);
      expect(error).toMatchObject({ code: 'INVALID_FILE_ID', kind: 'usage' });
      expect(error.message).toContain('Pass the id that store() answered');
    }
    expect(await tx.detach(file, owner)).toEqual({ detached: 0 });
  });
});

test('a list with a hole is refused, not shortened', async () => {
  const list: FileArgument[] = [];
  list[1] = file;

  expect(await errorOf(files.find(list))).toMatchObject({ code: 'INVALID_FILE_ID' });
});

test('ten thousand files are one call, one more is refused', async () => {
  const many = Array.from({ length: 10_001 }, () => randomUUID());

  expect(await errorOf(files.find(many))).toMatchObject({
    code: 'INVALID_FILE_ID',
    context: { count: 10_001 },
  });
  expect(await files.count(many.slice(1))).toHaveLength(10_000);
});

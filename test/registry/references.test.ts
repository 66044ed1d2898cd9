import type { FileReference, ReferencesOptions } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db } = registry;
const file = await registry.store();

const short = ({ type, id, slot }: Pick<FileReference, 'type' | 'id' | 'slot'>) => `${type} ${id} ${slot}`;
const byteOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

// Pairs that a locale would order in another way.
const owners = ['a', 'B', 'ä', 'Z'].flatMap((type) =>
  ['10', '9', 'x'].flatMap((id) => ['s', 'S'].map((slot) => ({ type, id, slot }))),
);
await db.transaction().execute((trx) => files.in(trx).attachMany(owners.map((owner) => ({ file, owner }))));
const inOrder = owners.map(short).toSorted(byteOrder);

test('references come in the order of the bytes of type, id and slot', async () => {
  const references = await files.references(file);

  expect(references.map(short)).toEqual(inOrder);
  expect(references[0]?.attachedAt).toBeInstanceOf(Date);
});

test.for([1, 2, 5, 23, 24, 25])('pages of %i put together are all of them, each once', async (limit) => {
  const seen: string[] = [];
  for (let after: FileReference | undefined; ;) {
    const page = await files.references(file, { limit, after });
    expect(page.length).toBeLessThanOrEqual(limit);
    seen.push(...page.map(short));
    after = page.at(-1);
    if (page.length < limit) break;
  }
  expect(seen).toEqual(inOrder);
});

test('a page may begin behind a reference that is not there any more', async () => {
  const references = await files.references(file, { after: { type: 'a', id: '9', slot: 'T' }, limit: 2 });

  expect(references.map(short)).toEqual(['a 9 s', 'a x S']);
});

test('a page may begin behind a reference of the registry itself', async () => {
  expect(await files.references(file, { after: { type: 'registry:protected', id: 'x', slot: 'y' } })).toEqual(
    [
      expect.objectContaining({ type: 'ä' }),
      ...Array.from({ length: 5 }, () => expect.objectContaining({ type: 'ä' })),
    ],
  );
});

test('a file without references, and one that does not exist, have none', async () => {
  expect(await files.references(await registry.store())).toEqual([]);
  expect(await files.references('01987654-3210-7000-8000-000000000000')).toEqual([]);
});

test.for([0, -1, 1.5, Number.NaN, Infinity, 10_001, '10', null])(
  'a limit of %s is refused',
  async (limit) => {
    expect(await errorOf(files.references(file, { limit: limit as number }))).toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'limit', value: limit },
    });
  },
);

test.for([
  [null],
  ['a'],
  [{}],
  [{ type: 'a', id: '9' }],
  [{ type: 'a', slot: 's' }],
  [{ type: 'a', id: '9', slot: null }],
  [{ type: 'a\0', id: '9', slot: 's' }],
])('a page behind %j is refused, it would leave references out', async ([after]) => {
  expect(await errorOf(files.references(file, { after } as ReferencesOptions))).toMatchObject({
    code: 'INVALID_OWNER',
  });
});

import { randomUUID } from 'node:crypto';
import type { FileTransaction } from 'nestjs-file-registry';
import { describe, expect, test } from 'vitest';
import type { TestRegistry } from '../../support/create-test-registry.js';
import type { Arena } from '../contract.js';
import type { Host } from '../support/host.js';

/** What goes in arrives as it is, and so do the answers, whatever the host does to values, names and rows. */
export function verbCases<Tx>({ registry, host, odd }: Arena<Tx>): void {
  const { files } = registry;
  const within = <Result>(work: (tx: FileTransaction) => Promise<Result>) =>
    host.transaction((tx) => work(files.in(host.adapt(tx))));

  describe('the id of an owner', () => {
    const uuid = randomUUID();
    test.for<[string, unknown, string]>([
      ['a number', 42, '42'],
      ['a bigint beyond 2^53', 9_007_199_254_740_993n, '9007199254740993'],
      ['a UUID', uuid, uuid],
      ['a composite key', ['7', 'a'], '["7","a"]'],
      [
        'a composite key of numbers',
        [7, 9_007_199_254_740_993n, 'ä "b"'],
        '["7","9007199254740993","ä \\"b\\""]',
      ],
      [
        'a text full of placeholders',
        '? ?? $1 $$ :name ::text \\? {"a":[1]} %s',
        '? ?? $1 $$ :name ::text \\? {"a":[1]} %s',
      ],
      ['a text that looks like a date', '2026-11-21T10:00:00.000Z', '2026-11-21T10:00:00.000Z'],
      ['a text that looks like a number', '007', '007'],
      ['a text that looks like null', 'null', 'null'],
      ['a text in another script', 'ключ 鍵 🗝', 'ключ 鍵 🗝'],
    ])('%s', async ([, id, text]) => {
      const file = await registry.store();
      const owner = { type: 'theThing', id: id as string, slot: 'camelCase_slot' };
      expect(await within((tx) => tx.attach(file, owner))).toEqual({ attached: 1 });
      expect(await files.references(file)).toMatchObject([
        { type: 'theThing', id: text, slot: 'camelCase_slot' },
      ]);

      expect(await within((tx) => tx.detach(file, owner))).toEqual({ detached: 1 });
      expect(await files.count(file)).toBe(0);
    });
  });

  test('every verb answers what it did', async () => {
    expect(await answers(registry, host)).toEqual(expectedAnswers);
    await registry.assertLaws();
  });

  test('a schema with an odd name', async () => {
    expect(await answers(odd.registry, odd.host)).toEqual(expectedAnswers);
  });
}

const expectedAnswers = [
  ['attach', { attached: 2 }],
  ['attach nothing', { attached: 0 }],
  ['attachMany', { attached: 2 }],
  ['gallery', 'a b c'],
  ['replace', { attached: 0, detached: 2 }],
  ['restore a file', { restored: 1 }],
  ['gallery', 'b c'],
  ['detach', { detached: 2 }],
  ['detachAll', { detached: 1 }],
  ['gallery', ''],
  ['restore an owner', { restored: 1 }],
  ['restore files', { restored: 1 }],
  ['protect', { attached: 1 }],
  ['unprotect', { detached: 1 }],
  ['hold', { attached: 1 }],
  ['release', { detached: 1 }],
  ['erase', 'c'],
];

/** Runs verb after verb, each in a transaction of its own, and tells what each has answered. */
async function answers<Tx>(registry: TestRegistry, host: Host<Tx>): Promise<[string, unknown][]> {
  const { files } = registry;
  const [a, b, c] = await Promise.all([
    registry.store('a', 'a'),
    registry.store('b', 'b'),
    registry.store('c', 'c'),
  ]);
  const record = { type: 'article', id: randomUUID() };
  const gallery = { ...record, slot: 'gallery' };
  const cover = { ...record, slot: 'cover' };
  const pairs = [
    { file: a, owner: cover },
    { file: c, owner: gallery },
  ];
  const within = <Result>(work: (tx: FileTransaction) => Promise<Result>) =>
    host.transaction((tx) => work(files.in(host.adapt(tx))));
  const held = async () =>
    (await files.filesOf(gallery))
      .map(({ filename }) => filename)
      .toSorted()
      .join(' ');

  return [
    ['attach', await within((tx) => tx.attach([a, b, a], gallery))],
    ['attach nothing', await within((tx) => tx.attach([], gallery))],
    ['attachMany', await within((tx) => tx.attachMany(pairs))],
    ['gallery', await held()],
    ['replace', await within((tx) => tx.replace(gallery, [b]))],
    ['restore a file', await within((tx) => tx.restore(c))],
    ['gallery', await held()],
    ['detach', await within((tx) => tx.detach([b, c], gallery))],
    ['detachAll', await within((tx) => tx.detachAll(record))],
    ['gallery', await held()],
    ['restore an owner', await within((tx) => tx.restore(cover))],
    ['restore files', await within((tx) => tx.restore([b]))],
    ['protect', await within((tx) => tx.protect(a))],
    ['unprotect', await within((tx) => tx.unprotect(a))],
    ['hold', await within((tx) => tx.hold(b, 'why? $1'))],
    ['release', await within((tx) => tx.release(b))],
    [
      'erase',
      (await within((tx) => tx.erase([c]))).erased.map(({ id }) => (id === c.id ? 'c' : id)).join(' '),
    ],
  ];
}

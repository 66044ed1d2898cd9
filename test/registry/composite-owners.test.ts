import * as fc from 'fast-check';
import type { Owner, OwnerId } from 'nestjs-file-registry';
import { afterEach, describe, expect, test } from 'vitest';
import { checkOwner } from '../../src/registry/check-owner.js';
import { readme } from '../examples/readme.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, db, pool } = registry;
const file = await registry.store();

afterEach(() => registry.assertLaws());

const inTransaction = <Result>(work: (tx: ReturnType<typeof files.in>) => Promise<Result>) =>
  db.transaction().execute((trx) => work(files.in(trx)));

/** The id of a record as SQL makes it of its key's parts. */
const inSql = `'[' || string_agg(to_json(part::text)::text, ',' order by position) || ']'`;

function encoded(...id: (string | number | bigint)[]): string {
  return checkOwner({ type: 'line', id, slot: 's' }).id;
}

test.for<[string, OwnerId, string]>([
  ['numbers and texts', [7, 'a'], '["7","a"]'],
  ['a bigint beyond 2^53', [2n ** 63n - 1n, -1, -0], '["9223372036854775807","-1","0"]'],
  ['one part', ['7'], '["7"]'],
  ['an empty part', ['a', ''], '["a",""]'],
  ['thirty-two parts', Array<number>(32).fill(1), `[${Array(32).fill('"1"').join(',')}]`],
  ['what JSON and SQL quote', ['"\\', "o'brien", '[],{}'], `["\\"\\\\","o'brien","[],{}"]`],
  ['line ends of every kind', ['\r\n', '\u2028\u2029', '\u0085'], '["\\r\\n","\u2028\u2029","\u0085"]'],
  ['the longest there is', ['€'.repeat(82), 'ab'], `["${'€'.repeat(82)}","ab"]`],
])('%s make an owner, and one to every verb', async ([, id, text]) => {
  const owner = { type: 'line', id, slot: 'scan' };
  const other = { ...owner, slot: 'copy' };
  const asText = { type: 'line', id: text, slot: 'scan' };

  await inTransaction(async (tx) => {
    expect(await tx.attach(file, owner)).toEqual({ attached: 1 });
    expect(await tx.attach(file, asText)).toEqual({ attached: 0 });
    expect(
      await tx.attachMany([
        { file, owner },
        { file, owner: other },
      ]),
    ).toEqual({ attached: 1 });
    expect(await tx.replace(owner, file)).toEqual({ attached: 0, detached: 0 });
    expect(await tx.detach(file, other)).toEqual({ detached: 1 });
  });
  expect(await files.filesOf(owner)).toMatchObject([{ id: file.id, slot: 'scan' }]);
  expect(await files.filesOf([other, { type: 'line', id }, asText])).toMatchObject([
    [],
    [{ id: file.id }],
    [{ id: file.id }],
  ]);

  const [reference, ...more] = await files.references(file);
  expect(reference).toMatchObject(asText);
  expect(more).toEqual([]);
  expect(await files.references(file, { after: asText })).toEqual([]);

  await inTransaction(async (tx) => {
    expect(await tx.detachAll({ type: 'line', id })).toEqual({ detached: 1 });
    expect(await tx.restore({ type: 'line', id })).toEqual({ restored: 2 });
    expect(await tx.detachAll({ type: 'line', id })).toEqual({ detached: 2 });
  });
});

test('a list, the text of a single key, and a list of one are three owners', async () => {
  await inTransaction((tx) => tx.attach(file, { type: 'one', id: 7, slot: 's' }));

  expect(
    await files.filesOf([
      { type: 'one', id: [7] },
      { type: 'one', id: 7 },
    ]),
  ).toMatchObject([[], [{}]]);
  await inTransaction((tx) => tx.detachAll({ type: 'one', id: 7 }));
});

test('parts are never taken for one another, wherever their borders lie', () => {
  const ids = [['a,b'], ['a', 'b'], ['a","b'], ['a"', '"b'], ['', 'ab'], ['ab', ''], ['ab'], ['a', '', 'b']];

  expect(new Set(ids.map((id) => encoded(...id))).size).toBe(ids.length);
});

test('the README has the same SQL', () => {
  expect(readme).toContain(inSql);
  expect(readme).toContain(`'[' || to_json(order_id::text) || ',' || to_json(line::text) || ']'`);
});

test('SQL makes the same text of every character', async () => {
  const characters = [
    ...Array.from({ length: 0x2100 - 1 }, (_, index) => String.fromCodePoint(index + 1)),
    ...'\ud7ff\ue000\ufeff\ufffd\ufffe\uffff😀👩‍👩‍👧\u{10ffff}',
  ];
  const { rows } = await pool.query<{ id: string; character: string }>(
    `select character, '[' || to_json(character::text) || ',' || to_json((character || 'x')::text) || ']' as id
       from unnest($1::text[]) as c(character)`,
    [characters],
  );

  expect(rows).toHaveLength(characters.length);
  expect(rows.filter(({ id, character }) => id !== encoded(character, `${character}x`))).toEqual([]);
});

test('SQL makes the same text of whatever parts', async () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => !text.includes('\0')),
    fc.constantFrom(
      '"',
      '\\',
      '\\u0041',
      '\b\f\n\r\t\v',
      '\u007f',
      '\u2028',
      '😀',
      "'",
      ',',
      'null',
      '[]',
      ' ',
    ),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  const ids = fc.sample(fc.array(part, { minLength: 1, maxLength: 4 }), 2000);
  const { rows } = await pool.query<{ id: string }>(
    `select (select ${inSql} from json_array_elements_text(key) with ordinality as p(part, position)) as id
       from json_array_elements($1) with ordinality as k(key, number)
      order by number`,
    [JSON.stringify(ids.map((id) => id.map(String)))],
  );

  expect(rows.map((row) => row.id)).toEqual(ids.map((id) => encoded(...id)));
});

describe('a list that is refused leaves everything as it was and the transaction usable', () => {
  const sparse: unknown[] = [1];
  sparse[2] = 3;

  test.for<[string, unknown, RegExp]>([
    ['no part', [], /1 to 32 parts, received 0/],
    ['thirty-three parts', Array(33).fill(1), /1 to 32 parts, received 33/],
    ['a hole', sparse, /Part 1 .* received undefined/],
    ['null', [1, null], /Part 1 .* received null/],
    ['undefined', [undefined], /Part 0 .* received undefined/],
    ['a list in a list', [[1]], /Part 0 .* received \[/],
    ['a truth', [true], /Part 0 .* received true/],
    ['an object', [{ id: 1 }], /Part 0 .* received/],
    ['a symbol', [Symbol('1')], /Part 0 .* Symbol\(1\)/],
    ['a fraction', [1.5], /no exact whole number.*string or a bigint/],
    ['NaN', [Number.NaN], /no exact whole number/],
    ['a number beyond 2^53', [2 ** 53], /no exact whole number/],
    ['a Date', [1, new Date(0)], /Date.*Pass the text/],
    ['a Date alone', new Date(0), /Date.*Pass the text/],
    ['NUL', ['a\0'], /Part 0 .* without NUL/],
    ['half a surrogate pair', ['a', '\ud83d'], /Part 1 .* well-formed/],
    ['a text of 256 bytes', ['x'.repeat(252)], /at most 255 bytes/],
  ])('%s', async ([, id, message]) => {
    const owner = { type: 'refused', id, slot: 'cover' } as Owner;
    await inTransaction(async (tx) => {
      for (const call of [
        tx.attach(file, owner),
        tx.attachMany([{ file, owner }]),
        tx.detach(file, owner),
        tx.detachAll(owner),
        tx.replace(owner, file),
        tx.restore(owner),
        files.filesOf(owner),
      ]) {
        const error = await errorOf(call);
        expect(error).toMatchObject({ code: 'INVALID_OWNER', kind: 'usage', context: { field: 'id' } });
        expect(error.message).toMatch(message);
        expect(error.message).not.toContain('\0');
      }
      expect(await tx.attach(file, { type: 'refused', id: 1, slot: 's' })).toEqual({ attached: 1 });
      expect(await tx.detachAll({ type: 'refused', id: 1 })).toEqual({ detached: 1 });
    });
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { type Arena, localArena, memoryArena } from './support/arena.js';

/** A key of exactly 1,024 bytes, in segments that file systems hold. */
const longest = `${Array.from({ length: 4 }, () => 'k'.repeat(250)).join('/')}/${'é'.repeat(10)}`;
const keys = [
  'a-b',
  'a/b',
  'a0',
  'a b/c d',
  'a+b',
  'a%2Fb',
  'a%',
  'É',
  'e\u0301',
  '\uff5e',
  '\ufffd',
  '\ue000/x',
  '😀',
  '😀-x',
  '𝒳/😀',
  'quote\'"',
  '{brace,}',
  'NULL',
  '.dot/.file',
  'line\u2028separator',
  longest,
];

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

const sorted = keys.toSorted(byBytes);
const arenas: [string, Arena][] = [
  ['in memory', await memoryArena()],
  ['on disk', await localArena()],
];

test('the order that is tried is not the one of JavaScript, and the longest key has 1,024 bytes', () => {
  expect(keys.toSorted()).not.toEqual(sorted);
  expect(Buffer.byteLength(longest)).toBe(1024);
});

describe.each(arenas)('odd keys %s', (_, arena) => {
  beforeEach(async () => {
    await arena.clear();
    for (const key of keys) await arena.put(key);
  });

  test('each second one a file, the merge is right whatever a step holds', async () => {
    const known = sorted.filter((_key, index) => index % 2 === 0);
    const strays = sorted.filter((_key, index) => index % 2 === 1);
    for (const key of known) await arena.registry.files.adopt(key);
    for (const pageSize of [1, 2, 3, 5, 1000]) {
      const found = await arena.findings({ minAgeMs: 0, pageSize });
      expect(found.map((finding) => [finding.kind, 'key' in finding && finding.key])).toEqual(
        strays.map((key) => ['orphan', key]),
      );
    }

    await arena.lose(...known);
    for (const pageSize of [1, 2, 3, 5, 1000]) {
      const found = await arena.findings({ minAgeMs: 0, pageSize });
      expect(found.map((finding) => [finding.kind, 'key' in finding && finding.key])).toEqual(
        sorted.map((key) => [known.includes(key) ? 'dangling' : 'orphan', key]),
      );
    }
  });

  test('it goes on behind each key, and within a prefix', async () => {
    const found = async (options: object) =>
      (await arena.findings({ minAgeMs: 0, ...options })).map((finding) => 'key' in finding && finding.key);
    for (const after of sorted) {
      expect(await found({ after, pageSize: 2 }), after).toEqual(
        sorted.filter((key) => byBytes(key, after) > 0),
      );
    }
    for (const prefix of ['a', 'a/', 'k'.repeat(250), '😀', 'nothing']) {
      const expected = sorted.filter((key) => key.startsWith(prefix));
      expect(await found({ prefix, pageSize: 2 }), prefix).toEqual(expected);
      expect(await found({ prefix, after: expected[0] ?? '' }), prefix).toEqual(expected.slice(1));
    }
  });

  test('all of them can be adopted', async () => {
    const report = await arena.reconcile({ minAgeMs: 0, fix: 'adopt', force: true, pageSize: 3 });
    expect(report).toMatchObject({ adopted: keys.length, recovered: 0, left: 0 });
    expect((await arena.rowKeys()).toSorted(byBytes)).toEqual(sorted);
    expect((await arena.reconcile({ minAgeMs: 0 })).orphans.count).toBe(0);
  });
});

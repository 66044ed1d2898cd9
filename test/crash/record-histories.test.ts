import { beforeEach, expect, test } from 'vitest';
import type { JournalLine } from './support/journal.js';
import { RecordHistories } from './support/record-histories.js';

const file = '01a1fdbb-c693-7000-8000-000000000001';
const other = '01a1fdbb-c693-7000-8000-000000000002';

let histories: RecordHistories;
let at: number;
beforeEach(() => {
  histories = new RecordHistories();
  at = 0;
});

function write(line: JournalLine): void {
  histories.take({ at: ++at, by: 'writer', ...line });
}

function commit(transaction: string, files: string[], answer: 'durable' | 'not durable' | 'none'): void {
  write({ op: 'committing', transaction, after: { article: holding(files) } });
  if (answer !== 'none') write({ op: 'committed', transaction, durable: answer === 'durable' });
}

function holding(files: string[]): string[] {
  return files.map((id) => `cover/${id}`);
}

/** What the record holds in the end, and whether that is possible. */
function problemsWith(files: string[]): number {
  histories.end(new Map([['article', holding(files)]]));
  return histories.problems.length;
}

test('a durable commit that was answered must be there in the end', () => {
  commit('1', [file], 'durable');
  expect(problemsWith([file])).toBe(0);
  expect(problemsWith([])).toBe(1);
});

test('a record nobody was told of must hold nothing', () => {
  expect(problemsWith([file])).toBe(1);
});

test.each(['none', 'not durable'] as const)(
  'of a commit (answer: %s) both outcomes are possible',
  (answer) => {
    commit('1', [file], 'durable');
    commit('2', [file, other], answer);
    expect(problemsWith([file])).toBe(0);
    expect(problemsWith([file, other])).toBe(0);
    expect(problemsWith([])).toBe(1);
  },
);

test('a later durable commit settles what came before it', () => {
  commit('1', [file], 'none');
  commit('2', [other], 'durable');
  expect(problemsWith([file])).toBe(1);
});

test('what a writer sees must be possible, too', () => {
  commit('1', [file], 'durable');
  write({ op: 'saw', owner: 'article', holding: [] });
  expect(histories.problems).toEqual([expect.stringContaining('a committed reference was lost')]);
});

test('a file is held for sure from the answer to a durable commit until a COMMIT without it is sent', () => {
  commit('1', [file, other], 'durable'); // at 1, answered at 2
  commit('2', [other], 'none'); // at 3
  expect([1.5, 2.5, 3.5].map((time) => histories.holderAt(file, time))).toEqual([
    undefined,
    'article',
    undefined,
  ]);
  expect(histories.holderAt(other, 3.5)).toBe('article');
});

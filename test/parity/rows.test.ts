import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rows } from './rows.js';

const folder = import.meta.dirname;
const sources = globSync('*.test.ts', { cwd: folder })
  .filter((name) => name !== 'rows.test.ts')
  .map((name) => readFileSync(join(folder, name), 'utf8'));

/** Each row as `system: row`, with the number of its tests. */
function groups(source: string): [string, number][] {
  return source
    .split(/^describe\('/m)
    .slice(1)
    .flatMap((system) =>
      system
        .split(/^ {2}describe\('/m)
        .slice(1)
        .map((row): [string, number] => [
          `${titleOf(system)}: ${titleOf(row)}`,
          row.match(/^ {4}test\b/gm)?.length ?? 0,
        ]),
    );
}

const titleOf = (text: string) => text.slice(0, text.indexOf("', "));

test('every row is tested, and every group of tests is a row', () => {
  const tested = sources.flatMap(groups);
  const listed = Object.entries(rows).flatMap(([system, titles]) => titles.map((row) => `${system}: ${row}`));
  expect(tested.map(([row]) => row).toSorted()).toEqual(listed.toSorted());
  expect(tested.filter(([, count]) => count === 0)).toEqual([]);
});

test('none is left for later', () => {
  for (const source of sources)
    expect(source).not.toMatch(/\b(?:test|describe)\.(?:todo|skip|only|fails)\b(?!If)/);
});

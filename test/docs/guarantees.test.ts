import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pages } from '../examples/docs.js';
import { project } from '../examples/run-script.js';

const text = pages.get('guarantees.md') ?? '';

/** Rows of the table of a section, as cells. */
function rows(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return Array.from(section.matchAll(/^\| (?!-)(.*) \|$/gm), ([, cells = '']) =>
    cells.split(' | ').map((cell) => cell.trim()),
  ).slice(1);
}

const named = Array.from(text.matchAll(/`(test\/[\w/-]+\.(?:test|suite)\.ts)`: ([^|]+?) +\|$/gm));

test('every guarantee names a test', () => {
  const guarantees = rows('Guarantees');
  expect(guarantees.length).toBeGreaterThan(30);
  expect(guarantees.filter((cells) => !/^`test\/\S+`: ./.test(cells.at(-1) ?? ''))).toEqual([]);
  expect(rows('What is not guaranteed').length).toBeGreaterThan(10);
});

test.each(named.map(([, file = '', title = '']) => [file, title] as const))('%s has: %s', (file, title) => {
  expect(existsSync(join(project, file))).toBe(true);
  // A title in quotes, so that a comment or a variable is not taken for a test.
  const source = readFileSync(join(project, file), 'utf8').replaceAll(/\\(['"`])/g, '$1');
  expect([`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) => source.includes(quoted))).toBe(true);
});

test('no test is named in another form', () => {
  expect(text.match(/^\|.*`test\//gm)?.length).toBe(named.length);
});

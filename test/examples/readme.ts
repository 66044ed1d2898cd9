import { readFileSync } from 'node:fs';

export const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The code blocks of one language. */
export function readmeBlocks(language: string): string[] {
  return Array.from(
    readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm')),
    ([, block = '']) => block,
  );
}

/** The cells of every table row whose first cell is code, by that code; `heading` begins the section. */
export function readmeTables(heading: string): Map<string, string[]>[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return section
    .split(/\n(?!\|)/)
    .map((part) => part.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm))
    .map(
      (rows) =>
        new Map(
          Array.from(rows, ([, name = '', cells = '']) => [
            name,
            cells.split('|').map((cell) => cell.trim()),
          ]),
        ),
    )
    .filter((table) => table.size > 0);
}

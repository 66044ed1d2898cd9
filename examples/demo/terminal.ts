import { styleText } from 'node:util';

const lineWidth = 92;
const segmenter = new Intl.Segmenter();

/** `styleText` leaves the colours out where the output is no terminal, and with NO_COLOR. */
export function heading(text: string): void {
  console.log(`\n${styleText(['bold', 'cyan'], text)}`);
}

export function paragraph(text: string): void {
  console.log(`\n${wrapped(text, lineWidth).join('\n')}`);
}

export function verdict(text: string): void {
  const [first = '', ...more] = wrapped(text, lineWidth - 4);
  console.log(`\n${styleText('green', 'ok')}  ${[first, ...more].join('\n    ')}`);
}

/** What a table shows, under a line that says when. */
export function table(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => width(row[column] ?? ''))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd();
  console.log(`\n${caption}:\n  ${styleText('dim', line(header))}`);
  for (const row of rows) console.log(`  ${line(row)}`);
}

/** Cuts in the middle, so that a name keeps its ending. */
export function shortened(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  const tail = takeWhileFits(characters.toReversed(), Math.floor((columns - 1) / 2)).toReversed();
  const head = takeWhileFits(characters, columns - 1 - width(tail.join('')));
  return `${head.join('')}…${tail.join('')}`;
}

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count === 0 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  return `${(count / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

function takeWhileFits(characters: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += width(character);
    if (used > columns) break;
    taken.push(character);
  }
  return taken;
}

/** Columns in a terminal: emoji and the scripts of East Asia take two. */
function width(text: string): number {
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) {
    columns +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
        segment,
      )
        ? 2
        : 1;
  }
  return columns;
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && width(line) + 1 + width(word) > columns) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

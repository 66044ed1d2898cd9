/**
 * Keeps what `npm run bench -- … --json` prints as docs/figures.json, and writes the tables into the pages that ask for them:
 *
 *     npm run bench -- drain transaction --json | node --import ./test/support/typescript-hooks.ts bench/write-figures.ts
 *
 * A page asks with `<!-- figures: drain, transaction -->` and `<!-- end of figures -->`; what is between them is replaced.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A line of `--json`; the first one tells where it was measured. */
export interface Figure {
  readonly bench: string;
  readonly system: string;
  readonly metric: string;
  readonly n: number;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Figures {
  readonly context: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
}

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const block = /(<!-- figures: ([\w, -]+?) -->\n)[^]*?(<!-- end of figures -->)/g;

/** The page with the tables of the benches that it asks for. */
export function withFigures(page: string, all: Figures): string {
  return page.replaceAll(block, (_, begin: string, benches: string, end: string) => {
    const wanted = all.figures.filter(({ bench }) => benches.split(', ').includes(bench));
    return begin + (wanted.length === 0 ? '' : `\n${tables(wanted, all)}\n\n`) + end;
  });
}

export function readFigures(): Figures {
  return JSON.parse(readFileSync(join(docs, 'figures.json'), 'utf8')) as Figures;
}

function tables(figures: readonly Figure[], { context }: Figures): string {
  const metrics = Map.groupBy(figures, ({ bench, metric, n }) => JSON.stringify([bench, metric, n]));
  const where = Object.entries(context).map(([name, value]) => `${name} ${value}`);
  return [`Measured with ${where.join(', ')}.`, ...[...metrics.values()].map(table)].join('\n\n');
}

function table(rows: readonly Figure[]): string {
  const [{ bench, metric, n, unit }] = rows as [Figure];
  // No figure without its ratio: figures are one machine's.
  const cells = [
    [`${bench}: ${metric}, n = ${n.toLocaleString('en')}, ${unit}`, 'median', 'min', 'max', 'to the first'],
    ...rows.map(({ system, median, min, max }) => [
      system,
      ...[median, min, max].map(spoken),
      rows[0]!.median === 0 ? '' : (median / rows[0]!.median).toFixed(2),
    ]),
  ];
  // As prettier formats tables, so that it leaves them alone.
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(cells[0]!), line(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(line)].join(
    '\n',
  );
}

/** Three digits that mean something. */
const spoken = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

if (import.meta.main) {
  const lines = (await text(process.stdin))
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Figure | { context: Figures['context'] });
  const first = lines.find((line) => 'context' in line);
  const all: Figures = {
    context: first?.context ?? {},
    figures: lines.filter((line) => 'bench' in line),
  };
  if (all.figures.length === 0)
    throw new Error('No figure came in. Pipe `npm run bench -- … --json` into this.');
  writeFileSync(join(docs, 'figures.json'), `${JSON.stringify(all, null, 2)}\n`);
  for (const name of readdirSync(docs).filter((each) => each.endsWith('.md'))) {
    const page = readFileSync(join(docs, name), 'utf8');
    writeFileSync(join(docs, name), withFigures(page, all));
  }
}

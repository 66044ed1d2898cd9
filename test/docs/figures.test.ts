import { expect, test } from 'vitest';
import { readFigures, withFigures } from '../../bench/write-figures.js';
import { pages } from '../examples/docs.js';

test('the tables of figures are those of figures.json', () => {
  const figures = readFigures();
  const asking = [...pages].filter(([, text]) => text.includes('<!-- figures: '));
  expect(asking.map(([page]) => page)).toContain('comparison.md');
  for (const [page, text] of asking) expect([page, withFigures(text, figures)]).toEqual([page, text]);
});

test('a figure becomes a row of the table of its metric', () => {
  const figure = { bench: 'drain', metric: 'end to end', n: 20_000, unit: 'files/s', min: 1, max: 12_345.6 };
  const page = 'before\n<!-- figures: drain -->\nold\n<!-- end of figures -->\nafter';
  const filled = withFigures(page, {
    context: { node: 'v24' },
    figures: [
      { ...figure, system: 'registry', median: 9876.5 },
      { ...figure, system: 'unlink', median: 4.56789 },
      { ...figure, bench: 'idle', system: 'other', median: 1 },
    ],
  });
  expect(filled).toContain('Measured with node v24.');
  expect(filled).toMatch(
    /^\| drain: end to end, n = 20,000, files\/s +\| median \| min \| max +\| to the first \|$/m,
  );
  expect(filled).toMatch(/^\| registry +\| 9,877 +\| 1 +\| 12,346 \| 1\.00 +\|$/m);
  expect(filled).toMatch(/^\| unlink +\| 4\.57 +\|.+\| 0\.00 +\|$/m);
  expect(filled).not.toMatch(/old|other/);
  expect(withFigures(filled, { context: {}, figures: [] })).toBe(page.replace('old\n', ''));
});

import { expect, test } from 'vitest';
import { formatTable } from '../../bench/support/format-table.js';
import { Results, type Metric } from '../../bench/support/results.js';

const rate: Metric = { name: 'end to end', n: 20_000, unit: 'files/s', ratio: { of: 'registry' } };
const latency: Metric = { name: 'p50', n: 1, unit: 'ms', ratio: { to: 'plain' } };

test('a figure has the median and the spread of its samples', () => {
  const results = new Results('drain');
  for (const value of [300, 100, 200]) results.add(rate, 'registry', value);

  expect(results.figures).toEqual([
    {
      bench: 'drain',
      system: 'registry',
      metric: 'end to end',
      n: 20_000,
      unit: 'files/s',
      median: 200,
      min: 100,
      max: 300,
    },
  ]);
});

test('the same metric at another size is another figure', () => {
  const results = new Results('drain');
  results.add(rate, 'registry', 1);
  results.add({ ...rate, n: 100_000 }, 'registry', 2);

  expect(results.figures.map(({ n, median }) => [n, median])).toEqual([
    [20_000, 1],
    [100_000, 2],
  ]);
});

test('a ratio compares within each round, so that a slow round disturbs nothing', () => {
  const results = new Results('transaction');
  for (const value of [1, 10, 2]) results.add(latency, 'plain', value);
  for (const value of [30, 20, 6]) results.add(latency, 'with a job', value);

  expect(ratios(results)).toEqual({ plain: 1, 'with a job': 3 });
});

test('a ratio of the registry says how many times a system it is', () => {
  const results = new Results('drain');
  results.add(rate, 'registry', 3000);
  results.add(rate, 'pg-boss', 1000);

  expect(ratios(results)).toEqual({ registry: 1, 'pg-boss': 3 });
});

test('without the system to compare with there is no ratio', () => {
  const results = new Results('drain');
  results.add(rate, 'pg-boss', 1000);

  expect(ratios(results)).toEqual({ 'pg-boss': undefined });
  expect(formatTable(results.tables()[0]!)).toMatch(/1,000 +-$/);
});

test('a table aligns its columns and ends each line with the ratio', () => {
  const results = new Results('drain');
  for (const value of [2990.4, 3000.4, 3010.4]) results.add(rate, 'registry', value);
  for (const value of [996, 1000, 1004]) results.add(rate, 'pg-boss, one job a file', value);

  expect(formatTable(results.tables()[0]!).split('\n')).toEqual([
    'end to end, n = 20,000, files/s',
    "  system                   median    min    max  'registry' is times this",
    '  registry                  3,000  2,990  3,010                      1.00',
    '  pg-boss, one job a file   1,000    996  1,004                      3.00',
  ]);
});

test('small numbers keep three digits', () => {
  const results = new Results('transaction');
  results.add(latency, 'plain', 0.123456);

  expect(formatTable(results.tables()[0]!)).toContain(' 0.123 ');
});

function ratios(results: Results): Record<string, number | undefined> {
  return Object.fromEntries(results.tables()[0]!.rows.map(({ figure, ratio }) => [figure.system, ratio]));
}

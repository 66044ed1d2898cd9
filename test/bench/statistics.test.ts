import { expect, test } from 'vitest';
import { median, percentile, summarize } from '../../bench/support/statistics.js';

test('the median is the middle value, whatever their order, and of an even number the mean of two', () => {
  expect(median([10, 9, 1])).toBe(9);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test('numbers are compared as numbers', () => {
  expect(summarize([100, 9, 20])).toEqual({ median: 20, min: 9, max: 100 });
});

test('a percentile is a value that occurred, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 50)).toBe(50);
  expect(percentile(hundred, 95)).toBe(95);
  expect(percentile(hundred, 100)).toBe(100);
  expect(percentile([3, 1, 2], 95)).toBe(3);
  expect(percentile([3, 1, 2], 0)).toBe(1);
});

test('what was measured stays as it was', () => {
  const values = [3, 1, 2];
  summarize(values);
  expect(values).toEqual([3, 1, 2]);
});

test('there is no summary of nothing', () => {
  expect(() => summarize([])).toThrow(RangeError);
});

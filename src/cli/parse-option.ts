import { InvalidArgumentError } from 'commander';
import type { CsvSource } from '../import/csv-rows.js';

/** Parses an option; its limits are checked where it is used. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new InvalidArgumentError('Expected a whole number.');
  }
  return Number(text);
}

/** Parses a share, such as 0.1. */
export function share(text: string): number {
  if (!/^\d{1,3}(\.\d{1,6})?$/.test(text)) {
    throw new InvalidArgumentError('Expected a number from 0 to 1.');
  }
  return Number(text);
}

/** Collects an option that may be repeated. One that takes several words would swallow the arguments behind it. */
export function oneMore(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** The name of a column, or behind `=` the same value for every row. */
export function columnOrValue(text: string): CsvSource {
  return text.startsWith('=') ? { value: text.slice(1) } : text;
}

export function oneMoreColumn(text: string, previous: readonly CsvSource[] = []): readonly CsvSource[] {
  return [...previous, columnOrValue(text)];
}

/** A tab is hard to type. */
export function delimiter(text: string): string {
  return text === 'tab' || text === String.raw`\t` ? '\t' : text;
}

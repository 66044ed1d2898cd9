import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as registry from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { pages } from '../examples/docs.js';
import { project } from '../examples/run-script.js';

const text = pages.get('api.md') ?? '';
const section = (heading: string) =>
  text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
const source = (path: string) => readFileSync(join(project, 'src', path), 'utf8');

/** The methods that anybody may call, by their first line. */
const verbsOf = (path: string) =>
  unique(source(path).matchAll(/^ {2}(?:async )?(?!constructor|onApplication)(\w+)(?:<\w+>)?\(/gm));

const unique = (matches: Iterable<RegExpMatchArray>) => [
  ...new Set(Array.from(matches, ([, name = '']) => name)),
];

const verbTables: [string, string[], number][] = [
  ['Outside of transactions', ['registry/file-registry.ts', 'renditions/rendition-verbs.ts'], 15],
  ['Inside a transaction', ['registry/file-transaction.ts'], 12],
  ['The processor', ['outbox/outbox-processor.ts'], 9],
];

test.each(verbTables)('%s: every verb has a row', (heading, paths, atLeast) => {
  const verbs = paths.flatMap(verbsOf);
  expect(verbs.length).toBeGreaterThan(atLeast);
  const rows = unique(section(heading).matchAll(/^\| `(\w+)\(/gm));
  expect(rows.toSorted()).toEqual(verbs.toSorted());
});

test('every option of a verb is named', () => {
  const names = readdirSync(join(project, 'src/registry'))
    .filter((file) => file.endsWith('-options.ts'))
    .flatMap((file) => source(`registry/${file}`).match(/^export interface \w+Options [^]*?^}/gm) ?? [])
    .flatMap((code) => unique(code.matchAll(/^ {2}readonly (\w+)\?:/gm)));
  expect(names.length).toBeGreaterThan(12);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test('every option of store has a row, and every number that drain answers', () => {
  const fields = (code: string) => unique(code.matchAll(/^ {2}readonly (\w+)\??:/gm));
  const rows = (heading: string) =>
    unique((text.split(/^##+ /m).find((part) => part.startsWith(heading)) ?? '').matchAll(/^\| `(\w+)`/gm));
  expect(rows('Options of `store`').toSorted()).toEqual(
    fields(source('registry/store-options.ts')).toSorted(),
  );
  expect(rows('What `drain` answers')).toEqual(fields(source('outbox/drain-result.ts')));
});

test('defaults and limits are named, and there are no others', () => {
  const exported = Object.keys(registry).filter((name) => /(Defaults|Limits)$/.test(name));
  expect(
    unique(section('Defaults and limits as values').matchAll(/`(\w+(?:Defaults|Limits))`/g)).toSorted(),
  ).toEqual(exported.toSorted());
});

import { readFileSync } from 'node:fs';
import {
  FileRegistryError,
  optionDefaults,
  optionLimits,
  processorDefaults,
  processorLimits,
} from 'nestjs-file-registry';
import * as registry from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { brokenLinks } from './docs.js';
import { readme, readmeBlocks, readmeTables } from './readme.js';
import { spoken } from './spoken.js';

const database = await createTestDatabase();

test('its complete example is the one that the tests run', () => {
  const example = readFileSync(new URL('../../examples/quick-start.ts', import.meta.url), 'utf8');
  expect(readmeBlocks('ts')[0]).toBe(example);
});

test('its options have the defaults and limits of the code', () => {
  const [options = new Map<string, string[]>(), processor = new Map<string, string[]>()] =
    readmeTables('Options');

  for (const [table, defaults, limits] of [
    [options, optionDefaults, optionLimits],
    [processor, processorDefaults, processorLimits],
  ] as const) {
    for (const [name, value] of Object.entries(defaults)) {
      expect([name, table.get(name)?.[0]]).toEqual([name, spoken(name, value)]);
    }
    for (const [name, [min, max]] of Object.entries(limits)) {
      const range = `${min === 0 ? '0' : spoken(name, min)} to ${spoken(name, max)}`;
      expect([name, table.get(name)?.[1]]).toEqual([name, range]);
    }
  }
});

test('its options are all there are, and none that is not there', () => {
  const source = readFileSync(new URL('../../src/options/file-registry-options.ts', import.meta.url), 'utf8');
  const [, ...interfaces] = source.split(/^export interface /m);
  const names = interfaces.map((text) =>
    Array.from(text.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, name]) => name),
  );
  const inTables = readmeTables('Options').map((table) => [...table.keys()]);

  expect(inTables.map((list) => list.toSorted())).toEqual(
    // `processor` itself is the heading of the second table.
    names.map((list) => list.filter((name) => name !== 'processor').toSorted()),
  );
});

test('its errors are all there are, by their kind', () => {
  const errors = Object.values(registry)
    .filter((value) => typeof value === 'function' && value.prototype instanceof FileRegistryError)
    .map((value) => new (value as unknown as new (message: string) => FileRegistryError)('test'));

  expect(errors.length).toBeGreaterThan(20);
  for (const kind of new Set(errors.map((error) => error.kind))) {
    const codes = errors.filter((error) => error.kind === kind).map((error) => error.code);
    const [, listed = ''] = readme.match(new RegExp(`^- \`${kind}\`,[^:]*: ([^.]*)\\.$`, 'm')) ?? [];
    expect([kind, listed.match(/\w+/g)]).toEqual([kind, codes.toSorted()]);
  }
});

test('its grants let a role call the functions and nothing else', async () => {
  const [grants = ''] = readmeBlocks('sql');
  const role = await database.role();
  const client = await database.client({ role });
  await expect(client.query(`select file_registry.find_files('{}')`)).rejects.toThrow('permission denied');

  await database.pool().query(grants.replaceAll(/\bapp\b/g, role.name));
  await expect(client.query(`select file_registry.find_files('{}')`)).resolves.toMatchObject({ rowCount: 1 });
  await expect(client.query('select from file_registry.files')).rejects.toThrow('permission denied');
});

test('its links lead somewhere', () => {
  expect(readme.match(/\]\(/g)?.length).toBeGreaterThan(2);
  expect(brokenLinks('README.md', readme)).toEqual([]);
});

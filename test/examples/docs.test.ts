import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { brokenLinks, docsBlocks, pages } from './docs.js';
import { readme } from './readme.js';
import { project } from './run-script.js';
import { typeErrors } from './type-errors.js';

const database = await createTestDatabase();

/** Their TypeScript needs no ORM. */
const ownPages = ['tracked-columns.md', 'transactions.md'];

/** What of these is not taken from an example is compiled with it, where the ORMs are installed. */
const ormPages = ['typeorm.md', 'prisma.md', 'drizzle.md'];

/** What the shorter blocks take as given. */
const given = `
  import { AsyncLocalStorage } from 'node:async_hooks';
  import type { Kysely, Transaction } from 'kysely';
  import { type FileRegistry, type StoredFile, trackFileColumn, trackFileColumnSql, untrackFileColumn } from 'nestjs-file-registry';
  interface Database { article: { id: number } }
  declare const db: Kysely<Database>, files: FileRegistry, photo: StoredFile;
`;

test('code that is taken from a file is the same there', () => {
  const taken = docsBlocks().filter(({ source }) => source !== undefined);
  expect(taken.length).toBeGreaterThan(15);
  for (const { page, source, code } of taken) {
    expect(readFileSync(join(project, source!), 'utf8'), `${page}: ${source}`).toContain(code);
  }
});

test(
  'everything else in TypeScript passes the type check, and nothing is neither',
  { timeout: 60_000 },
  () => {
    const others = docsBlocks(...ownPages).filter(({ source }) => source === undefined);
    const blocks = others.filter(({ language }) => language === 'ts');
    expect(blocks.length).toBeGreaterThan(6);
    expect(others.filter(({ language }) => !['ts', 'sql'].includes(language))).toEqual([]);
    const orms = docsBlocks(...ormPages).filter(({ source }) => source === undefined);
    expect(orms.filter(({ language, code }) => language !== 'ts' || !code.startsWith('import '))).toEqual([]);

    const inMemory = new Map(
      [...blocks.map(({ code }) => code), 'trackFileColumn(42);'].map((code, index) => [
        `docs-${index}.ts`,
        `${given}${code}\nexport {};`,
      ]),
    );
    expect(typeErrors(inMemory)).toEqual([
      expect.stringMatching(new RegExp(`docs-${blocks.length}\\.ts: Expected 2 arguments`)),
    ]);
  },
);

test('its SQL runs', async () => {
  const role = await database.role();
  await database.pool().query('create table article (id integer primary key)');
  const results = [];
  for (const { code } of docsBlocks(...ownPages).filter(({ language }) => language === 'sql')) {
    results.push(await database.pool().query(code.replaceAll('registry_owner', role.name)));
  }
  expect(results).toHaveLength(2);
  expect(results.at(-1)?.rows).toEqual([{ owner_id: '["7","a"]' }]);
  const { rows } = await database
    .pool()
    .query(`select has_table_privilege($1, 'article', 'trigger') as trigger`, [role.name]);
  expect(rows).toEqual([{ trigger: true }]);
});

test('the options of tracked columns are those of the code', () => {
  const names = ['tracked-column.ts', 'track-file-column.ts'].flatMap((file) => {
    const source = readFileSync(join(project, 'src/tracking', file), 'utf8');
    const interfaces = source.match(
      /^export interface (FileColumn|TrackedFileColumn|TrackFileColumnOptions) [^]*?^}/gm,
    );
    return Array.from(
      (interfaces ?? []).join('\n').matchAll(/^ {2}readonly (\w+)\??:/gm),
      ([, name]) => name,
    );
  });
  const text = pages.get('tracked-columns.md') ?? '';
  const [, table = ''] = text.match(/^(\| option [^]*?)\n\n/m) ?? [];

  expect(names.length).toBeGreaterThan(10);
  expect(Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, name]) => name)).toEqual(
    expect.arrayContaining(names),
  );
  expect(table.match(/^\| `/gm)).toHaveLength(names.length);
});

test('its links lead somewhere', () => {
  expect([...pages.keys()]).toEqual(expect.arrayContaining([...ownPages, ...ormPages]));
  for (const [page, text] of pages) expect([page, brokenLinks(`docs/${page}`, text)]).toEqual([page, []]);
  expect(brokenLinks('README.md', readme)).toEqual([]);
  expect(brokenLinks('docs/x.md', '[x](nowhere.md) [y](typeorm.md#nowhere)')).toEqual([
    'nowhere.md',
    'typeorm.md#nowhere',
  ]);
});

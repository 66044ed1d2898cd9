import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as registry from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { brokenLinks, docsBlocks, pages } from './docs.js';
import { readme } from './readme.js';
import { project } from './run-script.js';
import { typeErrors } from './type-errors.js';

const database = await createTestDatabase();

/** Their SQL runs here; that of the pages on operations and capacity in test/docs. */
const ownPages = ['tracked-columns.md', 'transactions.md'];

/** What of these is not taken from an example is compiled with it, where the ORMs are installed. */
const ormPages = ['typeorm.md', 'prisma.md', 'drizzle.md'];

/** Their blocks are arguments, to be put in somewhere. */
const fragmentPages = ['migrating-in.md'];

/** What the blocks take as given, unless they declare it themselves. */
const given: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(registry).map((name) => [name, `import { ${name} } from 'nestjs-file-registry';`]),
  ),
  AsyncLocalStorage: `import { AsyncLocalStorage } from 'node:async_hooks';`,
  Transaction: `import type { Transaction } from 'kysely';`,
  Database: 'interface Database { article: { id: number } }',
  app: `declare const app: import('@nestjs/common').INestApplicationContext;`,
  article: 'declare const article: { id: number; focalPoint: { x: number; y: number } };',
  body: 'declare const body: Buffer;',
  database: `declare const database: import('pg').Pool;`,
  db: `declare const db: import('kysely').Kysely<{ article: { id: number } }>;`,
  files: `declare const files: import('nestjs-file-registry').FileRegistry;`,
  id: 'declare const id: number;',
  photo: `declare const photo: import('nestjs-file-registry').StoredFile;`,
  storages: `declare const storages: Record<string, import('nestjs-file-registry').FileStorage>;`,
  user: 'declare const user: { id: string };',
};

function withGiven(code: string): string {
  const declared = (name: string) =>
    new RegExp(
      `^import [^;]*\\b${name}\\b[^;]* from |^(const|class|function|interface) ${name}\\b`,
      'm',
    ).test(code);
  const used = Object.entries(given).filter(
    ([name]) => new RegExp(`\\b${name}\\b`).test(code) && !declared(name),
  );
  return [...used.map(([, text]) => text), code, 'export {};'].join('\n');
}

test('code that is taken from a file is the same there', () => {
  const taken = docsBlocks().filter(({ source }) => source !== undefined);
  expect(taken.length).toBeGreaterThan(15);
  for (const { page, source, code } of taken) {
    expect(readFileSync(join(project, source!), 'utf8'), `${page}: ${source}`).toContain(code);
  }
});

test(
  'everything else in TypeScript passes the type check, and nothing is neither',
  { timeout: 240_000 },
  () => {
    const ownNames = [...pages.keys()].filter((name) => ![...ormPages, ...fragmentPages].includes(name));
    const others = docsBlocks(...ownNames).filter(({ source }) => source === undefined);
    const blocks = others.filter(({ language }) => language === 'ts');
    expect(blocks.length).toBeGreaterThan(15);
    const checkedOtherwise = ['ts', 'sql', 'sh', 'js', 'json', 'mermaid'];
    expect(others.filter(({ language }) => !checkedOtherwise.includes(language))).toEqual([]);
    const orms = docsBlocks(...ormPages).filter(({ source }) => source === undefined);
    expect(orms.filter(({ language, code }) => language !== 'ts' || !code.startsWith('import '))).toEqual([]);

    // An error of our own, so that a check which looks at nothing does not pass.
    const wrong = { page: 'wrong.md', code: 'trackFileColumn(42);' };
    const inMemory = new Map(
      [...blocks, wrong].map(({ page, code }, index) => [`${page}-${index}.ts`, withGiven(code)]),
    );
    expect(typeErrors(inMemory)).toEqual([
      expect.stringMatching(new RegExp(`wrong\\.md-${blocks.length}\\.ts: Expected 2 arguments`)),
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

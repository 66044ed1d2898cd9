import * as registry from 'nestjs-file-registry';
import * as testing from 'nestjs-file-registry/testing';
import {
  FileRegistryError,
  optionDefaults,
  processorDefaults,
  renditionDefaults,
} from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { FileTransaction } from '../../src/registry/file-transaction.js';
import { RenditionVerbs } from '../../src/renditions/rendition-verbs.js';
import { pages } from '../examples/docs.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { createTestDatabase } from '../support/create-test-database.js';

const database = await createTestDatabase();

const prose = [
  'api',
  'errors',
  's3',
  'guarantees',
  'life-of-a-file',
  'how-it-works',
  'operations',
  'upgrading',
  'recipes',
  'capacity',
]
  .map((name) => pages.get(`${name}.md`) ?? '')
  .join('\n');
/** Of PostgreSQL, Node and Nest. */
const functionsOfOthers = ['clock_timestamp', 'now', 'from', 'setEncoding', 'forRoot', 'get'];

const named = (pattern: RegExp) => [...new Set(Array.from(prose.matchAll(pattern), ([, name = '']) => name))];

test('every function that they name is there', async () => {
  const { rows } = await database
    .pool()
    .query(`select proname from pg_proc where pronamespace = 'file_registry'::regnamespace`);
  const { FileRegistry, FileReconciler, FileImporter, OutboxProcessor } = registry;
  const methods = [
    FileRegistry,
    RenditionVerbs,
    FileReconciler,
    FileImporter,
    OutboxProcessor,
    FileTransaction,
    MemoryStorage,
  ].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
  const known = [
    ...rows.map(({ proname }) => proname),
    ...methods,
    ...Object.keys({ ...registry, ...testing }),
  ];
  const functions = named(/`(?:\w+\.)*(\w+)\([^`]*\)`/g).filter((name) => !functionsOfOthers.includes(name));
  expect(functions.length).toBeGreaterThan(20);
  expect(functions.filter((name) => !known.includes(name))).toEqual([]);
});

test('every error code that they name is one', () => {
  const codes = Object.values(registry)
    .filter((value) => typeof value === 'function' && value.prototype instanceof FileRegistryError)
    .map(
      (value) => new (value as unknown as new (message: string) => FileRegistryError)('test').code as string,
    );
  const mentioned = named(/`([A-Z]+_[A-Z_]+)`/g).filter((code) => code !== 'CREATE');
  expect(mentioned.length).toBeGreaterThan(2);
  expect(mentioned.filter((code) => !codes.includes(code))).toEqual([]);
});

test('every option in milliseconds that they name is one', () => {
  const options = [
    ...Object.keys(optionDefaults),
    ...Object.keys(processorDefaults),
    ...Object.keys(renditionDefaults),
    'expiresInMs',
    'maxAgeMs',
    'oldestDueAgeMs',
  ];
  expect(named(/`(?:processor\.)?(\w+Ms)`/g).filter((name) => !options.includes(name))).toEqual([]);
});

import type { FileRegistryOptions, FileStorage } from 'nestjs-file-registry';
import {
  FileRegistry,
  localStorage,
  optionDefaults,
  optionLimits,
  processorDefaults,
  processorLimits,
} from 'nestjs-file-registry';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/options/resolve-options.js';

// Checking options asks neither the database nor the storage.
const pool = new Pool();
const database = new Kysely<any>({ dialect: new PostgresDialect({ pool }) }); // whatever tables the application has
const media = localStorage({ root: './media' });
const archive = localStorage({ root: './archive' });

function resolve(options: object) {
  return resolveOptions({ database, storages: { media }, ...options } as FileRegistryOptions);
}

/** A pattern that matches the text as it is. */
function literally(text: string): string {
  return text.replace(/[^\w]/g, '\\$&');
}

/** The error that names the option and the value received. */
function refusal(option: string, received = ''): unknown {
  return expect.objectContaining({
    code: 'INVALID_OPTION',
    kind: 'usage',
    context: expect.objectContaining({ option }),
    message: expect.stringMatching(RegExp(`${literally(option)}.*${literally(received)}`, 's')),
  });
}

describe('defaults', () => {
  test('apply to everything that is left out, and are the documented ones', () => {
    const day = 86_400_000;
    expect(resolve({})).toMatchObject({
      schema: 'file_registry',
      migrate: 'check',
      gracePeriodMs: day,
      unattachedTtlMs: day,
      uploadTtlMs: 3_600_000,
      maxSizeBytes: 5 * 1024 ** 3,
      allowedContentTypes: undefined,
      receiptRetentionMs: 30 * day,
      processor: {
        enabled: true,
        intervalMs: 1000,
        batchSize: 1000,
        leaseMs: 60_000,
        maxAttempts: 25,
        backoffBaseMs: 1000,
        backoffMaxMs: 3_600_000,
        sweepIntervalMs: 30_000,
        shutdownTimeoutMs: 10_000,
      },
    });
  });

  test('apply to what is undefined', () => {
    const unset = Object.fromEntries(Object.keys(optionLimits).map((name) => [name, undefined]));

    expect(resolve({ ...unset, migrate: undefined, schema: undefined, processor: undefined })).toMatchObject(
      optionDefaults,
    );
  });

  test.for([
    ...Object.entries(optionLimits).map(([name, limits]) => [name, limits, { ...optionDefaults }] as const),
    ...Object.entries(processorLimits).map(
      ([name, limits]) => [name, limits, { ...processorDefaults }] as const,
    ),
  ])('%s lies within its limits', ([name, [min, max], defaults]) => {
    const value = (defaults as Record<string, unknown>)[name];

    expect(value).toBeGreaterThanOrEqual(min);
    expect(value).toBeLessThanOrEqual(max);
  });
});

const numbers = [
  ...Object.entries(optionLimits).map(([name, limits]) => [name, limits, ''] as const),
  ...Object.entries(processorLimits).map(([name, limits]) => [name, limits, 'processor.'] as const),
];

describe.for(numbers)('%s', ([name, [min, max], prefix]) => {
  // The two ends of the backoff depend on each other.
  const given = (value: unknown) => {
    const others =
      name === 'backoffBaseMs' ? { backoffMaxMs: processorLimits.backoffMaxMs[1] } : { backoffBaseMs: 1 };
    return prefix === '' ? { [name]: value } : { processor: { ...others, [name]: value } };
  };

  test.for([min, max])('%d is allowed', (value) => {
    const resolved = resolve(given(value));

    expect(prefix === '' ? resolved : resolved.processor).toMatchObject({ [name]: value });
  });

  test.for<[unknown, string]>([
    [min - 1, String(min - 1)],
    [max + 1, String(max + 1)],
    [-1, '-1'],
    [min + 0.5, String(min + 0.5)],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [String(min), `'${min}'`],
    [BigInt(min), `${min}n`],
    [true, 'true'],
    [[], '[]'],
    [{}, '{}'],
    [new Date(0), '1970'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.create(null), 'null prototype'],
  ])('%o is refused', ([value, received]) => {
    expect(() => resolve(given(value))).toThrow(refusal(`${prefix}${name}`, received));
    expect(() => resolve(given(value))).toThrow(
      `number${name.endsWith('Ms') ? ' of milliseconds' : ''} from ${min} to ${max}`,
    );
  });
});

test('the greatest backoff must not be below the first', () => {
  const processor = { backoffBaseMs: 5000, backoffMaxMs: 4999 };

  expect(() => resolve({ processor })).toThrow(refusal('processor.backoffMaxMs', '4999'));
  expect(() => resolve({ processor })).toThrow('at least processor.backoffBaseMs (5000)');
  expect(resolve({ processor: { backoffBaseMs: 5000, backoffMaxMs: 5000 } }).processor.backoffMaxMs).toBe(
    5000,
  );
});

test.for<[unknown, string]>([
  ['always', "'always'"],
  ['', "''"],
  ['Check', "'Check'"],
  [true, 'true'],
  [1, '1'],
  [{}, '{}'],
])('migrate: %j is refused', ([migrate, received]) => {
  expect(() => resolve({ migrate })).toThrow(refusal('migrate', received));
  expect(() => resolve({ migrate })).toThrow("'check', 'run' or 'off'");
});

test.for(['check', 'run', 'off'])('migrate: %s is taken', (migrate) => {
  expect(resolve({ migrate }).migrate).toBe(migrate);
});

test.for<[unknown, string]>([
  ['', '""'],
  [42, '42'],
  ['x'.repeat(64), '"xxx'],
  ['a\0b', 'a\\u0000b'],
  ['pg_files', '"pg_files"'],
  [{}, '{}'],
])('schema: %j is refused', ([schema, received]) => {
  expect(() => resolve({ schema })).toThrow(refusal('schema', received));
});

test.for(['Files', 'my files', 'file"registry', 'ä'.repeat(31)])('schema: %j is taken', (schema) => {
  expect(resolve({ schema }).schema).toBe(schema);
});

test.for<[unknown, string]>([
  [[], '[]'],
  ['image/png', "'image/png'"],
  [['image'], "'image'"],
  [['*/*'], "'*/*'"],
  [['image/png\n'], '\\n'],
  [[42], '42'],
  [[1n], '1n'],
  [{}, '{}'],
  [Array(101).fill('image/png'), 'image/png'],
])('allowedContentTypes: %o is refused', ([allowedContentTypes, received]) => {
  expect(() => resolve({ allowedContentTypes })).toThrow(refusal('allowedContentTypes', received));
});

test.for<[unknown, string]>([
  ['yes', "'yes'"],
  [1, '1'],
  [{}, '{}'],
])('processor.enabled: %j is refused', ([enabled, received]) => {
  expect(() => resolve({ processor: { enabled } })).toThrow(refusal('processor.enabled', received));
});

test.for<[unknown, string]>([
  ['off', "'off'"],
  [false, 'false'],
  [0, '0'],
])('processor: %j is refused', ([processor, received]) => {
  expect(() => resolve({ processor })).toThrow(refusal('processor', received));
});

test.for([undefined, null, 'options', 42])('options that are %j are refused', (options) => {
  expect(() => resolveOptions(options as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', context: { option: 'options', value: options } }),
  );
});

test.for<[unknown, string]>([
  [undefined, 'undefined'],
  [null, 'null'],
  ['postgres://app:secret@localhost', 'a string'], // a connection string holds a password
  [{}, 'Object'],
  [{ query: () => undefined }, 'Object'],
  [new Date(), 'Date'],
])('database: %o is refused', ([handle, received]) => {
  expect(() => resolve({ database: handle })).toThrow(refusal('database', received));
});

test('processor.database may be a pool of its own, and nothing else', () => {
  const { database: own, processor } = resolve({});
  expect(processor.database).toBe(own);
  expect(resolve({ processor: { database: pool } }).processor.database).not.toBe(own);
  expect(() => resolve({ processor: { database: {} } })).toThrow(refusal('processor.database', 'Object'));
});

describe('transaction', () => {
  const isTransactionActive = () => false;

  test('is a host, on which nothing is read yet', () => {
    const transaction = {
      get tx(): unknown {
        throw new Error('read');
      },
      isTransactionActive: () => {
        throw new Error('called');
      },
    };

    expect(resolve({ transaction }).transaction).toBe(transaction);
    const inherited = Object.create(transaction) as typeof transaction;
    expect(resolve({ transaction: inherited }).transaction).toBe(inherited);
    expect(resolve({}).transaction).toBeUndefined();
    expect(resolve({ transaction: undefined }).transaction).toBeUndefined();
  });

  test.for<[unknown, string]>([
    [null, 'null'],
    ['cls', "'cls'"],
    [() => undefined, '[Function'],
    [FileRegistry, '[class FileRegistry'],
    [{}, '{}'],
    [{ tx: 1 }, '{ tx: 1 }'],
    [{ isTransactionActive }, 'isTransactionActive: [Function'],
    [{ tx: 1, isTransactionActive: true }, 'isTransactionActive: true'],
    [pool, 'Pool'],
  ])('%o is refused', ([transaction, received]) => {
    expect(() => resolve({ transaction })).toThrow(refusal('transaction', received));
    expect(() => resolve({ transaction })).toThrow('tx and isTransactionActive()');
  });
});

describe('storages', () => {
  test('the only one is the default', () => {
    expect(resolve({}).storages.defaultName).toBe('media');
  });

  test('of several, one has to be named', () => {
    const storages = { media, archive };
    expect(() => resolve({ storages })).toThrow(refusal('defaultStorage', 'undefined'));
    expect(() => resolve({ storages })).toThrow(/several storages.*`store` writes to.*media, archive/);
    expect(() => resolve({ storages, defaultStorage: 'attic' })).toThrow(
      refusal('defaultStorage', "'attic'"),
    );
    expect(resolve({ storages, defaultStorage: 'archive' }).storages.defaultName).toBe('archive');
  });

  test.for([undefined, null, {}, 'media', 42, []])('%o are refused', (storages) => {
    expect(() => resolve({ storages })).toThrow(refusal('storages'));
  });

  test.for([undefined, null, {}, './media', () => media, { ...media, delete: undefined }])(
    'a storage that is %o is refused',
    (storage) => {
      expect(() => resolve({ storages: { media: storage as FileStorage } })).toThrow(
        refusal('storages.media'),
      );
    },
  );

  test.for(['', ' ', 'a b', 'a/b', '-a', 'ä', 'x'.repeat(64)])('a storage called %j is refused', (name) => {
    expect(() => resolve({ storages: { [name]: media } })).toThrow(refusal('storages'));
  });

  test.for([
    ['./media', './media'],
    ['./media', './media/'],
    ['./media', './archive/../media'],
    ['./media', './media/inner'],
    ['./media/inner', './media'],
  ])('%s beside %s is refused: each would delete what the other counts', ([a = '', b = '']) => {
    const storages = { a: localStorage({ root: a }), b: localStorage({ root: b }) };
    const attempt = () => resolve({ storages, defaultStorage: 'a' });

    expect(attempt).toThrow(expect.objectContaining({ code: 'STORAGE_UNUSABLE', kind: 'permanent' }));
    expect(attempt).toThrow(/'a'.*'b'|'b'.*'a'/);
  });

  test('names that only begin alike lie side by side', () => {
    const storages = { a: localStorage({ root: './media' }), b: localStorage({ root: './media2' }) };

    expect(resolve({ storages, defaultStorage: 'a' }).storages.names).toEqual(['a', 'b']);
  });
});

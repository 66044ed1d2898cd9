import { Test } from '@nestjs/testing';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { FileRegistry, FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import type { DatabaseHandle } from 'nestjs-file-registry';
import { Pool, types } from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { passTime } from '../support/pass-time.js';

const database = await createTestDatabase();
const media = await createTemporaryFolder('media');

const parsing = (parse: (text: string) => unknown) => ({
  getTypeParser: (oid: number, format?: 'text') =>
    ['INT8', 'JSON', 'JSONB', 'TIMESTAMPTZ', 'UUID', 'BOOL', 'INT4'].some(
      (name) => types.builtins[name as keyof typeof types.builtins] === oid,
    )
      ? parse
      : types.getTypeParser(oid, format),
});

const handles: [string, () => DatabaseHandle][] = [
  ['a pg.Pool', () => database.pool()],
  ['a Kysely instance', () => database.kysely()],
  [
    'a Kysely instance that renames columns and JSON',
    () =>
      new Kysely({
        dialect: new PostgresDialect({ pool: database.pool() }),
        plugins: [new CamelCasePlugin()],
      }),
  ],
  ['a Kysely instance with a schema', () => database.kysely().withSchema('other')],
  [
    'a pool that parses numbers, times and JSON in its own way',
    () => database.pool({ types: parsing(BigInt) as never }),
  ],
  [
    'a pool that parses them to objects',
    () => database.pool({ types: parsing((text) => ({ text })) as never }),
  ],
  ['a pool of one connection', () => database.pool({ max: 1 })],
  [
    'a pool at SERIALIZABLE',
    () => database.pool({ options: '-c default_transaction_isolation=serializable' }),
  ],
];

test.for(handles)('the registry works through %s', async ([, make]) => {
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: make(),
        storages: { media: localStorage({ root: media.path }) },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  await module.init();
  const files = module.get(FileRegistry);
  const client = await database.client();

  const file = await files.store(Buffer.from('abc'), { filename: 'a.txt', metadata: { some_key: 1 } });
  expect(file).toMatchObject({ size: 3, metadata: { some_key: 1 }, createdAt: expect.any(Date) });
  expect(await files.find(file)).toEqual(file);
  await client.query('begin');
  await files.in(client).attach(file, { type: 'article', id: 1, slot: 'cover' });
  await client.query('commit');
  expect(await files.filesOf({ type: 'article', id: 1 })).toMatchObject([{ id: file.id }]);
  expect(await files.references(file)).toMatchObject([{ type: 'article', attachedAt: expect.any(Date) }]);
  expect(await files.count(file)).toBe(1);

  await client.query('begin');
  await files.in(client).detachAll({ type: 'article', id: 1 });
  await client.query('commit');
  await passTime(client, '25 hours');
  expect(await module.get(OutboxProcessor).drain()).toMatchObject({ condemned: 1, deleted: 1, failed: 0 });
  expect(await media.entries()).toEqual([]);
  await module.close();
});

test('closing the module leaves the pool of the application open', async () => {
  const pool = new Pool({ connectionString: database.connectionString });
  afterAll(() => (pool.ended ? undefined : pool.end()));
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: pool,
        storages: { media: localStorage({ root: media.path }) },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  await module.init();
  await module.close();

  await expect(pool.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  await pool.end();
});

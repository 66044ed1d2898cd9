import { localStorage, FileRegistryModule, OutboxProcessor } from 'nestjs-file-registry';
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor, pool, db } = registry;
const file = await registry.store();

async function attachTo(type: string, ids: readonly string[]): Promise<void> {
  const pairs = ids.map((id) => ({ file, owner: { type, id, slot: 's' } }));
  await db.transaction().execute((trx) => files.in(trx).attachMany(pairs));
}

async function gone(type: string, table: string, idColumn = 'id', batchSize = 2): Promise<string[]> {
  const { violations } = await processor.verify({ ownerTables: { [type]: { table, idColumn } }, batchSize });
  return violations.flatMap(({ problem }) => /the owner [^/]+\/(.*) has references/.exec(problem)?.[1] ?? []);
}

test('ids are compared as their type does: none is called gone because it is written in another way', async () => {
  await pool.query(`create table by_uuid (id uuid primary key);
    insert into by_uuid values ('a0000000-0000-4000-8000-000000000001');
    create table by_integer (id integer primary key); insert into by_integer values (7), (-7), (0);
    create table by_numeric (id numeric primary key); insert into by_numeric values (1.50)`);
  await attachTo('u', ['A0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'x']);
  await attachTo('i', [
    '007',
    '-7',
    '0',
    '2147483648',
    '-2147483649',
    '99999999999999999999',
    '7.0',
    '1e1',
    'x',
  ]);
  await attachTo('c', ['1.5', '1.6']);

  for (const batchSize of [1, 3, 9, 100]) {
    expect(await gone('u', 'by_uuid', 'id', batchSize)).toEqual([
      'b0000000-0000-4000-8000-000000000001',
      'x',
    ]);
    expect(await gone('i', 'by_integer', 'id', batchSize)).toEqual(
      ['2147483648', '-2147483649', '99999999999999999999', '7.0', '1e1', 'x'].toSorted(),
    );
    expect(await gone('c', 'by_numeric', 'id', batchSize)).toEqual(['1.6']);
  }
});

test('quoted, qualified and reserved names are names, of a table of any collation', async () => {
  await pool.query(`create collation odd (provider = icu, locale = 'en-u-kr-latn-digit', deterministic = true);
    create schema "Blog's"; create table "Blog's"."Article; drop" ("user" text collate odd primary key, "Id""s" text);
    insert into "Blog's"."Article; drop" values ('a', 'b'), ('1', '2')`);
  await attachTo('q', ['a', '1', 'zz']);
  expect(await gone('q', `"Blog's"."Article; drop"`, 'user', 1)).toEqual(['zz']);
  expect(await gone('q', `"Blog's"."Article; drop"`, '"user"')).toEqual(['zz']);
  expect(await gone('q', `"Blog's"."Article; drop"`, '"Id""s"')).toEqual(['1', 'a', 'zz']);
});

test.for([
  { table: 'article', idColumn: 'pg_sleep(9)' },
  { table: 'generate_series(1, 9)', idColumn: 'id' },
  { table: 'article', idColumn: 'article.id' },
  { table: '"a\0b"', idColumn: 'id' },
  { table: 'article' },
  null,
])('%j is no table with a column and reaches no statement', async (owner) => {
  await expect(
    processor.verify({ ownerTables: { article: owner as { table: string; idColumn: string } } }),
  ).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('ownerTables.article'),
  });
});

test('a table that the role may not read, or not all of it, is an error and no list of owners that are gone', async () => {
  const role = await registry.database.role();
  await pool.query(`create table secret (id text primary key); insert into secret values ('1');
    grant usage on schema file_registry to ${role.name};
    grant execute on all functions in schema file_registry to ${role.name}`);
  await attachTo('s', ['1']);
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: registry.database.pool({ role }),
        storages: { media: localStorage({ root: registry.media.path }) },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  const verify = () =>
    module.get(OutboxProcessor).verify({ ownerTables: { s: { table: 'secret', idColumn: 'id' } } });

  await expect(verify()).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    message: expect.stringMatching(/secret.*SELECT/),
  });
  await pool.query(`grant select on secret to ${role.name}; alter table secret enable row level security`);
  await expect(verify()).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    message: expect.stringContaining('BYPASSRLS'),
  });
  await pool.query('alter table secret disable row level security');
  await expect(verify()).resolves.toMatchObject({ checked: { violations: 0 } });
  await pool.query(`revoke all on secret from ${role.name}; revoke all on schema file_registry from ${role.name};
    revoke execute on all functions in schema file_registry from ${role.name}`);
});

test('thousands of owners that are gone are counted, and the first thousand named', async () => {
  await pool.query('create table nobody (id bigint primary key)');
  await attachTo(
    'n',
    Array.from({ length: 2500 }, (_, id) => String(id)),
  );
  const ownerTables = { n: { table: 'nobody', idColumn: 'id' } };
  const { checked, violations } = await processor.verify({ ownerTables, batchSize: 500 });
  expect(checked).toMatchObject({ owners: 2500, violations: 2500 });
  expect(violations).toHaveLength(1000);
});

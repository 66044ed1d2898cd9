import { InvalidOptionError, migrate, migrationSql, up } from 'nestjs-file-registry';
import { escapeIdentifier } from 'pg';
import { expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createEmptyDatabase } from './support/create-empty-database.js';

const database = await createEmptyDatabase();
const pool = database.pool();

const names = [
  'Upper Case',
  `it's "quoted"`,
  'Schlüssel 📁',
  'a$body$b',
  '$$',
  '$body$ $the_body$',
  '@schema@',
  '$1',
  `%I 'x' \\ $& -- /*`,
  'select',
  'x'.repeat(63),
  'ü'.repeat(31),
];

test.for(names)('a schema may be called %s', async (schema) => {
  const quoted = escapeIdentifier(schema);
  await migrate(pool, { schema });
  expect(await migrate(pool, { schema })).toEqual({ applied: [] });

  await pool.query(
    `insert into ${quoted}.files (id, storage, key, content_type, size)
     values ('01900000-0000-7000-8000-000000000001', 'media', 'adopted', 'text/plain', 1)`,
  );
  const call = (text: string) => pool.query(`select ${quoted}.${text}`);
  await call(`attach('{01900000-0000-7000-8000-000000000001}', 'article', '1', 'cover')`);
  await expect(pool.query(`truncate ${quoted}.files cascade`)).rejects.toThrow('TRUNCATE of ');
  await call(`detach('{01900000-0000-7000-8000-000000000001}', 'article', '1', 'cover')`);
  await call(`settle('detached', 0, 10, '-infinity', 0)`);
  await call(`claim_deletions('media', 10, '01900000-0000-7000-8000-000000000002', 1000)`);
  await assertLaws({ admin: pool, schema, storages: {} });
  await pool.query(`drop schema ${quoted} cascade`);
});

const refusedNames = ['', 'x'.repeat(64), 'ü'.repeat(32), 'a\0b', '\ud800', 'pg_files', 42, {}];

test.for(refusedNames.map((name) => [JSON.stringify(name), name] as const))(
  'a schema cannot be called %s',
  async ([, name]) => {
    const schema = name as string;
    for (const use of [
      () => migrate(pool, { schema }),
      () => up(database.kysely(), { schema }),
      () => migrationSql({ schema }),
    ]) {
      await expect(use()).rejects.toBeInstanceOf(InvalidOptionError);
    }
  },
);

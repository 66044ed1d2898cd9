import { migrate, migrationSql } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createEmptyDatabase } from './support/create-empty-database.js';
import { describeSchema } from './support/describe-schema.js';

const byText = await createEmptyDatabase();
const byCall = await createEmptyDatabase();

test.for([
  ['file_registry', 'file_registry'],
  [`it's "a$body$b"`, `"it's ""a$body$b"""`],
] as const)(
  'the SQL text makes the schema that migrate makes, and migrate finds nothing to do (%s)',
  async ([schema, quoted]) => {
    const client = await byText.client();
    await client.query('begin');
    await client.query(await migrationSql({ schema }));
    await client.query('commit');
    const pool = byCall.pool();
    await migrate(pool, { schema });

    const description = await describeSchema(client, quoted);
    expect(description).toEqual(await describeSchema(pool, quoted));
    expect(description['functions']!.length).toBeGreaterThan(30);
    expect(description['triggers']!.length).toBeGreaterThan(15);

    expect(await migrate(byText.pool(), { schema })).toEqual({ applied: [] });
    expect(await describeSchema(client, quoted)).toEqual(description);
  },
);

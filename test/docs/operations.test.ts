import type { Client } from 'pg';
import { migrate } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { docsBlocks, pages } from '../examples/docs.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { database, processor } = registry;
const roles = {
  registry_owner: await database.role(),
  app: await database.role(),
  monitoring: await database.role(),
};
type RoleName = keyof typeof roles;
const blocks = docsBlocks('operations.md')
  .filter(({ language }) => language === 'sql')
  // A block in a list is indented with it.
  .map(({ code }) => ({ code, role: code.match(/^ *-- as (an administrator|\w+)/)?.[1] }));
const indented = Array.from(
  (pages.get('operations.md') ?? '').matchAll(/^ +```sql\n([^]*?)^ +```$/gm),
  ([, code = '']) => ({ code, role: code.match(/-- as (\w+)/)?.[1] }),
);

/** With the names of this test's roles and database. */
const here = (code: string) =>
  code
    .replaceAll(/^create role .*$/gm, '')
    .replaceAll('app_database', database.name)
    .replaceAll(
      /\b(registry_owner|monitoring|app)\b(?=[;,]| to|$)/gm,
      (name) => roles[name as RoleName].name,
    );

test('its SQL runs, as the role that it names', async () => {
  // The tests' own schema belongs to the superuser; the page's belongs to the role that migrates.
  await database.pool().query('drop schema file_registry cascade');
  const results: string[] = [];
  const clients = new Map<string, Client>();
  for (const { code, role } of [...blocks, ...indented]) {
    expect([...Object.keys(roles), 'an administrator']).toContain(role);
    if (role === 'an administrator') {
      await database.pool().query(here(code));
      await migrate(database.pool({ role: roles.registry_owner }));
    } else {
      const client = clients.get(role!) ?? (await database.client({ role: roles[role as RoleName] }));
      clients.set(role!, client);
      await client.query(here(code));
    }
    results.push(role!);
  }
  expect(results.filter((role) => role === 'monitoring').length).toBeGreaterThan(8);
  expect(results.filter((role) => role === 'registry_owner')).toHaveLength(2);
  expect(results.filter((role) => role === 'app')).toHaveLength(3);

  await database.pool().query('select file_registry.resume()');
  expect((await processor.stats()).pausedAt).toBeNull();
});

test('monitoring sees what sessions of other roles do', async () => {
  const session = await database.client({ role: roles.app });
  await session.query('begin');
  await session.query('select file_registry.attach(array[gen_random_uuid()], $1, $1, $1)', ['article']);
  const monitoring = await database.client({ role: roles.monitoring });
  const answers = async () => {
    const queries = blocks.filter(({ code }) => code.includes('as last_query'));
    expect(queries).toHaveLength(2);
    const seen = [];
    for (const { code } of queries) {
      const { rows } = await monitoring.query(code.replace(`interval '1 minute'`, `interval '0'`));
      seen.push(rows.find(({ usename, state }) => usename === roles.app.name && state !== null));
    }
    return seen;
  };

  const open = { state: 'idle in transaction', last_query: expect.stringContaining('attach') };
  expect(await answers()).toMatchObject([open, open]);
  await database.pool().query(`revoke pg_read_all_stats from ${roles.monitoring.name}`);
  expect(await answers()).toEqual([undefined, undefined]);
  await session.query('rollback');
});

test('after its default privileges a later migration needs no grants', async () => {
  const owner = await database.client({ role: roles.registry_owner });
  await owner.query(`create function file_registry.of_a_later_version() returns integer language sql as 'select 1';
    revoke execute on all functions in schema file_registry from public`);
  const app = await database.client({ role: roles.app });
  await expect(app.query('select file_registry.of_a_later_version()')).resolves.toMatchObject({
    rowCount: 1,
  });
  const monitoring = await database.client({ role: roles.monitoring });
  await expect(monitoring.query('select file_registry.of_a_later_version()')).rejects.toThrow(
    'permission denied',
  );
  await expect(monitoring.query('delete from file_registry.files')).rejects.toThrow('permission denied');
});

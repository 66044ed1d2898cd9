import { migrate } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createEmptyDatabase, grantTo, schema } from './support/ordinary-database.js';
import { OrdinaryRegistry } from './support/ordinary-registry.js';
import { startPgBouncer } from './support/start-pgbouncer.js';

const poolSize = 2;

const { database, owner, application, admin } = await createEmptyDatabase();
const bouncer = await startPgBouncer(database, [owner, application], poolSize);

// Everything here goes through the pooler, migrating and checking the schema at start, too.
const ownerPool = bouncer.pool(owner);
const migrations = await Promise.all([migrate(ownerPool, { schema }), migrate(ownerPool, { schema })]);
await grantTo(application, ownerPool);
const options = { admin, gracePeriodMs: 0 };
const first = await OrdinaryRegistry.boot({ ...options, pool: bouncer.pool(application) });
const second = await OrdinaryRegistry.boot({
  ...options,
  pool: bouncer.pool(application),
  media: first.media,
});

test('two instances migrate at once, one of them does it, and nothing stays locked', async () => {
  expect(migrations.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  expect(await migrate(ownerPool, { schema })).toEqual({ applied: [] });
  expect(await advisoryLocks()).toEqual([]);
});

test('one client is served by one server connection after another', async () => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => bouncer.client(application)));
  const servedBy = async () => (await a!.query('select pg_backend_pid() as pid')).rows[0].pid as number;

  // Whichever connection is not busy serves; with two of them, it is each in turn.
  await b!.query('begin');
  await c!.query('begin');
  await b!.query('commit');
  const once = await servedBy();
  await b!.query('begin');
  await c!.query('commit');
  const again = await servedBy();
  await b!.query('commit');
  expect(again).not.toBe(once);
});

test('many clients store, attach, replace and detach over two connections while two processors drain', async () => {
  const kept: string[] = [];
  const client = async (n: number) => {
    const registry = n % 2 ? first : second;
    const article = { type: 'article', id: String(n), slot: 'cover' };
    for (let round = 0; round < 5; round++) {
      const [old, young] = [await registry.store(`old ${n}`), await registry.store(`young ${n}`)];
      await registry.attach([old, young], article);
      await registry.db.transaction().execute((trx) => registry.files.in(trx).replace(article, young));
      await registry.processor.drain();
      if (round === 4) kept.push(young.key);
    }
  };
  let connections = 0;
  let working = true;
  const watch = async () => {
    do connections = Math.max(connections, await serverConnections());
    while (working);
  };
  const clients = Promise.all(Array.from({ length: 8 }, (_, n) => client(n)));
  await Promise.all([clients.finally(() => (working = false)), watch()]);
  await first.processor.drain();

  expect((await first.media.files()).toSorted()).toEqual(kept.toSorted());
  expect(connections).toBe(poolSize);
  await first.assertLaws();
});

test('a transaction that rolls back takes its attach with it', async () => {
  const file = await first.store();
  const saving = first.db.transaction().execute(async (trx) => {
    await first.files.in(trx).attach(file, { type: 'article', id: 'rolled back', slot: 'cover' });
    throw new Error('refused');
  });
  await expect(saving).rejects.toThrow('refused');
  expect(await second.files.count(file)).toBe(0);
  await first.passTime('25 hours');
  expect(await second.processor.drain()).toMatchObject({ deleted: 1 });
  await first.assertLaws();
});

test('nothing is left on the connections that others get next', async () => {
  const [a, b] = await Promise.all([bouncer.client(application), bouncer.client(application)]);
  const fresh = await database.client({ role: owner });
  const session = `select string_agg(name || '=' || setting, ' ' order by name) as settings,
                          (select count(*)::int from pg_prepared_statements) as prepared,
                          (select count(*)::int from pg_cursors) as cursors
                     from pg_settings
                    where source in ('session', 'client')
                      and name not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone')
                       or name in ('synchronous_commit', 'lock_timeout', 'jit', 'row_security', 'search_path',
                                   'enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'transaction_isolation')`;
  const expected = (await fresh.query(session)).rows;
  await a!.query('begin');
  await b!.query('begin'); // so that both of the two connections are looked at
  expect((await a!.query(session)).rows).toEqual(expected);
  expect((await b!.query(session)).rows).toEqual(expected);
  await a!.query('rollback');
  await b!.query('rollback');
  expect(await advisoryLocks()).toEqual([]);
});

async function advisoryLocks(): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select pid, mode from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows;
}

async function serverConnections(): Promise<number> {
  const { rows } = await admin.query<{ connections: number }>(
    'select count(*)::int as connections from pg_stat_activity where usename = $1 and datname = current_database()',
    [application.name],
  );
  return rows[0]?.connections ?? 0;
}

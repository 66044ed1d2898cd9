import { migrate } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createEmptyDatabase } from './support/create-empty-database.js';

const database = await createEmptyDatabase();

test.for(['read committed', 'repeatable read', 'serializable'])(
  'of ten instances that start at once one migrates, whatever the default isolation is (%s)',
  async (isolation) => {
    const schema = isolation.replace(' ', '_');
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
    const pools = Array.from({ length: 10 }, () => database.pool({ max: 1, options }));

    const results = await Promise.all(pools.map((pool) => migrate(pool, { schema })));

    expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    const { rows } = await pools[0]!.query(`select name from ${schema}.migrations order by name`);
    expect(rows.map(({ name }) => name)).toEqual(results.flatMap(({ applied }) => applied));
    // Nobody keeps the lock.
    const locks = await pools[0]!.query(
      `select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    expect(locks.rows).toEqual([]);
    await Promise.all(pools.map((pool) => pool.end()));
  },
);

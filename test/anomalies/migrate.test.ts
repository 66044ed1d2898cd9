import { migrate } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { FaultyPool, type StatementFault } from './support/faulty-pool.js';

const database = await createTestDatabase();
const admin = database.pool();
const faulty = new FaultyPool(database.pool());
const schema = 'anomaly';

/** The newest migration, or undefined where there is no trace of the schema. */
async function version(of: string): Promise<string | undefined> {
  const { rows } = await admin.query('select to_regnamespace($1) is not null as there', [of]);
  if (!rows[0].there) return undefined;
  return (await admin.query(`select max(name) as name from ${of}.migrations`)).rows[0].name;
}

test.for<StatementFault>(['never sent', 'answer lost'])(
  'a migration, each statement in turn %s: all of it is there or no trace, and the next one completes it',
  async (fault) => {
    const newest = await version('file_registry');
    let statement = 0;
    for (let struck = true; struck;) {
      statement++;
      faulty.strike(statement, fault);
      const failed = await migrate(faulty.pool, { schema }).then(
        () => false,
        () => true,
      );
      struck = faulty.struck !== undefined;
      await faulty.heal(admin);

      const after = await version(schema);
      expect(failed, `statement ${statement}, ${faulty.struck}`).toBe(struck);
      expect([undefined, newest], `statement ${statement}, ${faulty.struck}`).toContain(after);
      if (after === undefined) continue;
      expect(await migrate(admin, { schema }), 'nothing is left to do').toEqual({ applied: [] });
      await admin.query(`drop schema ${schema} cascade`);
    }
    expect(statement).toBeGreaterThan(10);
    expect(await version(schema)).toBeUndefined();
  },
);

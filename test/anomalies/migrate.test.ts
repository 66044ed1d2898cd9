import { migrate } from 'nestjs-file-registry';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { FaultyPool, type StatementFault } from './support/faulty-pool.js';

const database = await createTestDatabase();
const admin = database.pool();
const faulty = new FaultyPool(database.pool());

const version = async (schema: string): Promise<string | undefined> => {
  const { rows } = await admin.query("select to_regclass(format('%I.migrations', $1::text)) is not null as there", [
    schema,
  ]);
  if (!rows[0].there) return undefined;
  return (await admin.query(`select max(name) as name from ${schema}.migrations`)).rows[0].name;
};

describe.each<StatementFault>(['never sent', 'answer lost'])('the connection breaks, %s', (fault) => {
  test('at each statement of a migration: all of it is there or nothing, and the next call completes it', async () => {
    const newest = await version('file_registry');
    let statement = 0;
    for (let struck = true; struck;) {
      statement++;
      const schema = `anomaly_${fault.replace(' ', '_')}_${statement}`;
      faulty.strike(statement, fault);
      await migrate(faulty.pool, { schema }).catch(() => undefined);
      struck = faulty.struck !== undefined;
      await faulty.heal(admin);

      const after = await version(schema);
      expect([undefined, newest], `statement ${statement}, ${faulty.struck}`).toContain(after);
      const { applied } = await migrate(admin, { schema });
      expect(applied.length > 0, `statement ${statement}`).toBe(after === undefined);
      expect(await version(schema)).toBe(newest);
      await admin.query(`drop schema ${schema} cascade`);
    }
    expect(statement).toBeGreaterThan(10);
  });
});

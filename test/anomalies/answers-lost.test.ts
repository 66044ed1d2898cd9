import { afterAll, expect, test } from 'vitest';
import { createStage } from './support/arena.js';
import { breakEachStatement } from './support/break-each-statement.js';
import { operations } from './support/operations.js';

const stage = await createStage();
const faulty = await stage.arena.start(stage.arena.database.pool);
afterAll(() => faulty.app.close());

test.for(operations)('$name, each statement in turn done and its answer lost', async (operation) => {
  const struck = await breakEachStatement(operation, 'answer lost', { ...stage, faulty });
  expect(struck).toBeGreaterThanOrEqual(operation.calls.database);
});

test('the loop finds a store that reserves nothing', async () => {
  const { admin } = stage.arena;
  const { rows } = await admin.query(
    "select pg_get_functiondef('file_registry.reserve'::regproc) as definition",
  );
  await admin.query(rows[0].definition.replace(/begin\b[^]*end\s/, 'begin return; end '));
  try {
    const [store] = operations;
    if (store === undefined) throw new Error('the first operation is a store');
    await expect(breakEachStatement(store, 'answer lost', { ...stage, faulty })).rejects.toThrow(
      'After a store',
    );
  } finally {
    await admin.query(rows[0].definition);
  }
});

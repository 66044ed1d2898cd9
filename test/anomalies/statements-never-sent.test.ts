import { afterAll, expect, test } from 'vitest';
import { createStage } from './support/arena.js';
import { breakEachStatement } from './support/break-each-statement.js';
import { operations } from './support/operations.js';

const stage = await createStage();
const faulty = await stage.arena.start(stage.arena.database.pool);
afterAll(() => faulty.app.close());

test.for(operations)('$name, each statement in turn never sent', async (operation) => {
  const struck = await breakEachStatement(operation, 'never sent', { ...stage, faulty });
  expect(struck).toBeGreaterThanOrEqual(operation.calls.database);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStage, expectOnlyHeld, letGo, type Side } from './support/arena.js';
import type { StatementFault } from './support/faulty-pool.js';
import { operations } from './support/operations.js';

const { arena, clean } = await createStage();
let faulty: Side;
beforeAll(async () => {
  faulty = await arena.start(arena.database.pool);
});
afterAll(() => faulty.app.close());

describe.each<StatementFault>(['never sent', 'answer lost'])('the connection breaks, %s', (fault) => {
  test.for(operations)('at each statement of $name', async ({ prepare, calls }) => {
    let statement = 0;
    for (let struck = true; struck;) {
      statement++;
      const act = await prepare(arena, clean);
      arena.database.strike(statement, fault);
      const failed = await act.run(faulty).then(
        () => false,
        () => true,
      );
      struck = arena.database.struck !== undefined;
      await arena.database.heal(arena.admin);

      const round = `statement ${statement}, ${arena.database.struck}`;
      await expect(act.check(failed), round).resolves.toBeUndefined();
      await expect(expectOnlyHeld(arena, clean), round).resolves.toBeUndefined();
      await letGo(arena, clean);
    }
    expect(statement).toBeGreaterThan(calls.database);
  });
});

import type { Arena, Side } from './arena.js';
import { empty, expectOnlyHeld } from './arena.js';
import type { StatementFault } from './faulty-pool.js';
import type { Operation } from './operations.js';

/**
 * Runs an operation again and again, with its connection broken at the 1st, 2nd, 3rd … statement, until none is struck any
 * more. Answers how many were.
 *
 * @throws what was wrong after which statement.
 */
export async function breakEachStatement(
  { prepare, name }: Operation,
  fault: StatementFault,
  { arena, clean, faulty }: { arena: Arena; clean: Side; faulty: Side },
): Promise<number> {
  for (let statement = 1; ; statement++) {
    const act = await prepare(arena, clean);
    arena.database.strike(statement, fault);
    const failed = await act.run(faulty).then(
      () => false,
      () => true,
    );
    const { struck } = arena.database;
    await arena.database.heal(arena.admin);
    try {
      await act.check(failed);
      await expectOnlyHeld(arena, clean);
    } catch (cause) {
      throw new Error(`After ${name}, whose statement ${statement} was ${fault}: ${struck ?? 'none'}.`, {
        cause,
      });
    } finally {
      await empty(arena);
    }
    if (struck === undefined) return statement - 1;
  }
}

import { describe, expect, test } from 'vitest';
import { type Fault, faults } from 'nestjs-file-registry/testing';
import { createStage, empty, expectOnlyHeld } from './support/arena.js';
import { operations } from './support/operations.js';

const { arena, clean } = await createStage();

const kinds: [string, () => Fault][] = [
  ['fails', () => faults.fail()],
  ['is refused for good', () => faults.fail('permanent')],
  ['is done, but its answer is lost', () => faults.failAfterwards()],
  ['hangs until the application shuts down', () => faults.hang()],
  ['is done and answers when the application shuts down', () => faults.late()],
];
const touchingBytes = operations.filter(({ calls }) => calls.storage > 0);

describe.each(kinds)('a call to the storage that %s', (_, fault) => {
  test.for(touchingBytes)('each of those of $name in turn', async ({ prepare, calls }) => {
    let call = 0;
    for (let struck = true; struck;) {
      call++;
      const act = await prepare(arena, clean);
      const faulty = await arena.start(arena.admin, 2);
      const before = Object.values(faulty.storage.calls).reduce((sum, count) => sum + count, 0);
      faulty.storage.replan({ any: { [before + call]: fault() } });

      const running = act.run(faulty).then(
        () => false,
        () => true,
      );
      await Promise.race([running, faulty.storage.untilWaiting()]);
      const closing = faulty.storage.waiting > 0 ? faulty.app.close() : undefined;
      faulty.storage.release();
      const failed = await running;
      await (closing ?? faulty.app.close());
      struck = faulty.storage.struck > 0;

      const round = `call ${call}`;
      await expect(act.check(failed), round).resolves.toBeUndefined();
      await expect(expectOnlyHeld(arena, clean), round).resolves.toBeUndefined();
      await empty(arena);
    }
    expect(call).toBeGreaterThan(calls.storage);
  });
});

import { expect, test } from 'vitest';
import { awaitedLater } from '../support/awaited-later.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { untilBlocked } from '../scenarios/support/until-blocked.js';

const registry = await createTestRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { files, processor, pool, database } = registry;

test.for(['hold', 'protect'] as const)(
  '%s while a settle condemns the file learns it; before it, the file stays',
  async (verb) => {
    const [early, late] = [await registry.store(), await registry.store()];
    const [holding, settling] = [await database.begun(), await database.begun()];
    const keep = (session: typeof holding, file: typeof early) =>
      verb === 'hold' ? files.in(session).hold(file, 'matter') : files.in(session).protect(file);

    await keep(holding, early);
    await settling.query("select file_registry.settle('stored', 0, 100, '-infinity', 0)");
    await holding.query('savepoint before');
    const kept = awaitedLater(keep(holding, late));
    await untilBlocked(holding, pool);
    await settling.query('commit');
    await expect(kept).rejects.toMatchObject({ code: 'FILE_CONDEMNED' });
    await holding.query('commit');

    await processor.drain();
    expect([await registry.hasBytes(early), await registry.hasBytes(late)]).toEqual([true, false]);
    await registry.assertLaws();
  },
);

test('an erasure that meets a hold in flight waits for it and is refused', async () => {
  const file = await registry.store();
  const [holding, erasing] = [await database.begun(), await database.begun()];
  await files.in(holding).hold(file, 'matter');
  const erased = awaitedLater(files.in(erasing).erase(file));
  await untilBlocked(erasing, pool);
  await holding.query('commit');
  await expect(erased).rejects.toMatchObject({ code: 'FILE_HELD', context: { fileIds: [file.id] } });
  await erasing.query('commit');
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('a hold that meets an erasure in flight waits for it and comes too late, or in time when it is rolled back', async () => {
  for (const end of ['commit', 'rollback']) {
    const file = await registry.store();
    const [holding, erasing] = [await database.begun(), await database.begun()];
    await files.in(erasing).erase(file);
    const held = files
      .in(holding)
      .hold(file, 'matter')
      .catch((error: unknown) => error);
    await untilBlocked(holding, pool);
    await erasing.query(end);
    expect(await held).toMatchObject(end === 'commit' ? { code: 'FILE_CONDEMNED' } : { attached: 1 });
    await holding.query('commit');
    await processor.drain();
    expect(await registry.hasBytes(file)).toBe(end === 'rollback');
  }
  await registry.assertLaws();
});

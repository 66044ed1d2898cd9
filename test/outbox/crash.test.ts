import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { forkTypeScript } from '../support/fork-typescript.js';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { database, media, processor } = registry;

afterEach(() => vi.restoreAllMocks());

describe.each(['before', 'after'])('a worker that is killed %s the bytes are deleted', (where) => {
  test('keeps its lease until that runs out, then another one finishes, file by file', async () => {
    const stored = await registry.storeMany(3);
    const worker = forkTypeScript(new URL('./support/killed-worker.ts', import.meta.url), [
      database.connectionString,
      media.path,
      where,
    ]);
    const [message] = await once(worker, 'message');
    expect(message.keys.toSorted()).toEqual(stored.map((file) => file.key).toSorted());
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    expect(await media.files()).toHaveLength(where === 'before' ? 3 : 0);
    await registry.assertLaws();

    expect(await processor.drain(), 'the lease still holds').toMatchObject({ deleted: 0 });
    await registry.passTime('2 minutes');
    expect(await processor.drain()).toMatchObject({ deleted: 3, failed: 0 });
    expect(registry.storage.batches.map((batch) => batch.length)).toEqual([1, 1, 1]);
    expect(await media.files()).toEqual([]);
    for (const file of stored) {
      expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', attempts: 2 });
    }
    await registry.assertLaws();
  });
});

describe.each(['never reaches the database', 'is done, but its answer is lost'])(
  'when the 1st, 2nd, 3rd … step of a pass %s',
  (fault) => {
    // As many passes as one has steps, each with files of its own.
    test('nothing referenced goes, and a later pass finishes the rest', { timeout: 120_000 }, async () => {
      let failed = true;
      let failing = 0;
      while (failed) {
        failing++;
        await registry.empty();
        const kept = await registry.store('kept');
        await registry.attach(kept, '1');
        const [original, rendition, unattached] = await registry.storeMany(3);
        if (!original || !rendition || !unattached) throw new Error('three files were stored');
        await registry.pool.query(
          "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=s')",
          [rendition.id, original.id],
        );

        failed = await drainWithFailingStep(failing, fault === 'never reaches the database');
        await registry.assertLaws();
        await registry.passTime('2 minutes');
        await processor.drain();
        expect(await media.files(), `step ${failing}`).toEqual([kept.key]);
        for (const file of [original, rendition, unattached]) {
          expect(await registry.deletion(file), `step ${failing}`).toMatchObject({ state: 'deleted' });
        }
        await registry.assertLaws();
      }
      expect(failing).toBeGreaterThan(8);
    });
  },
);

/** Answers whether a step failed; false when the pass had fewer steps than that. */
async function drainWithFailingStep(failing: number, beforehand: boolean): Promise<boolean> {
  const step = RegistryDatabase.prototype.step;
  let steps = 0;
  vi.spyOn(RegistryDatabase.prototype, 'step').mockImplementation(async function (
    this: RegistryDatabase,
    ...call: Parameters<typeof step>
  ) {
    const fails = ++steps === failing;
    const answer = fails && beforehand ? undefined : await step.apply(this, call);
    if (fails) throw new Error(`step ${failing}, ${call[0]}, failed`);
    return answer;
  });
  try {
    await processor.drain();
    return false;
  } catch (error) {
    if (!String(error).includes(`step ${failing},`)) throw error;
    return true;
  } finally {
    vi.restoreAllMocks();
  }
}

import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ gracePeriodMs: 0, processor: { batchSize: 2 } });
const { files, processor } = registry;

async function detachedFiles(count: number) {
  const stored = await Promise.all(Array.from({ length: count }, () => registry.store()));
  for (const file of stored) {
    await registry.attach(file, 'pause');
    await registry.detach(file, 'pause');
  }
  return stored;
}

test('while paused nothing is condemned or deleted, and the verbs go on', async () => {
  const [file] = await detachedFiles(1);
  const { pausedAt } = await processor.pause();
  expect(await processor.pause()).toEqual({ pausedAt });

  expect(await processor.drain()).toMatchObject({ obstacle: 'paused', condemned: 0, deleted: 0 });
  await processor.tick();
  expect(await files.find(file!)).not.toBeNull();
  expect(await processor.stats()).toMatchObject({
    pausedAt,
    warnings: [expect.stringContaining('paused since')],
  });
  await registry.attach(await registry.store(), 'while paused');

  expect(await processor.resume()).toBe(true);
  expect(await processor.resume()).toBe(false);
  expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
  expect(await registry.hasBytes(file!)).toBe(false);
});

test('a pause in the middle of a backlog stops the pass after its batch', async () => {
  const stored = await detachedFiles(20);
  const step = processor['database'].step.bind(processor['database']);
  let steps = 0;
  processor['database'].step = async (name, args) => {
    if (name === 'settle' && ++steps === 4) {
      await processor.pause();
    }
    return step(name, args);
  };
  try {
    const drained = await processor.drain();
    expect(drained.obstacle).toBe(null);
    expect(drained.deleted).toBeLessThan(stored.length);
    expect(await processor.stats()).toMatchObject({ due: stored.length - drained.condemned });
  } finally {
    processor['database'].step = step;
  }
  await processor.resume();
  await processor.drain();
  await registry.assertLaws();
});

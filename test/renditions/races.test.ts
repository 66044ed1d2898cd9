import { expect, test } from 'vitest';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry(
  { failureTtlMs: 1000 },
  { gracePeriodMs: 0, unattachedTtlMs: 24 * 60 * 60 * 1000 },
);
const { files, processor } = registry;

const rounds = 8;

/** What the losers of a race may be told; everything else is a fault. */
const lawful = ['FILE_CONDEMNED', 'FILE_BUSY', 'RENDITION_BUSY', 'TRANSACTION_CONFLICT'];

async function race(calls: (() => Promise<unknown>)[]): Promise<void> {
  const outcomes = await Promise.allSettled(calls.map((call) => call()));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected' && !lawful.includes(outcome.reason?.code)) throw outcome.reason;
  }
}

test('storing, making, deleting and settling at once keep the laws', { timeout: 120_000 }, async () => {
  for (let round = 0; round < rounds; round++) {
    const original = await registry.original();
    const store = (spec: string) => () =>
      files.storeRendition(original, spec, Buffer.from(`stored ${round}`));
    const make = (spec: string) => () => files.rendition(original, spec);
    await race([
      store('size=1'),
      make('size=1'),
      store('size=1'),
      make('filter=a;size=1'),
      () => registry.delete(original),
      make('size=1'),
      () => processor.drain(),
      () => registry.delete(original, 'sized'),
      store('filter=a;size=1'),
      () => processor.drain(),
    ]);
    const left = await files.renditions(original);
    expect(left.length).toBeLessThanOrEqual(2);
    for (const rendition of left) expect(await registry.hasBytes(rendition)).toBe(true);
    expect(await registry.leases(original)).toEqual([]);
    await registry.assertLaws();
  }
});

test('an original that goes at the same moment leaves nothing', { timeout: 120_000 }, async () => {
  for (let round = 0; round < rounds; round++) {
    const original = await registry.original();
    const small = await files.rendition(original, 'size=1');
    await race([
      () => files.storeRendition(original, 'size=1', Buffer.from('x')),
      () => files.rendition(small, 'filter=a'),
      () => files.rendition(original, 'size=2'),
      async () => {
        if (round % 2 === 0) return registry.erase(original);
        await registry.detach(original, original.id);
        return processor.drain();
      },
      () => files.storeRendition(small, 'filter=b', Buffer.from('x')),
    ]);
    await registry.assertLaws();
  }
  await registry.settleAll();
  expect(
    await registry.tables
      .selectFrom('file_references')
      .select('slot')
      .where('owner_type', '=', 'file')
      .orderBy('slot')
      .execute(),
  ).toEqual(
    await registry.tables
      .selectFrom('file_references as r')
      .innerJoin('files as f', 'f.id', 'r.holder_id')
      .select('r.slot')
      .orderBy('slot')
      .execute(),
  );
  expect(await registry.leftovers()).toEqual([]);
});

test('of two who store the same at once the second replaces the first', async () => {
  const original = await registry.original();
  const stored = await Promise.all(
    ['one', 'two', 'three'].map((text) => files.storeRendition(original, 'size=1', Buffer.from(text))),
  );
  const left = await files.renditions(original);
  expect(left).toHaveLength(1);
  expect(stored.map(({ id }) => id)).toContain(left[0]!.id);
});

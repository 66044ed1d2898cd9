import { afterEach, expect, test, vi } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp } from './support/hooked-app.js';
import { recorder } from './support/recorder.js';

const registry = await createWatchedRegistry();

afterEach(() => vi.restoreAllMocks());

async function stepsOf(drain: () => Promise<unknown>): Promise<string[]> {
  const step = vi.spyOn(RegistryDatabase.prototype, 'step');
  await drain();
  return step.mock.calls.map(([name]) => name);
}

test('an application without hooks asks for nothing about its deletions, one with hooks once a batch', async () => {
  const plain = await hookedApp(registry, {});
  await registry.storeMany(5);
  const without = await stepsOf(() => plain.processor.drain());
  expect(without).toContain('complete_deletions');
  expect(without).not.toContain('deletions_of');

  vi.restoreAllMocks();
  const hooked = await hookedApp(registry, { providers: [recorder({ batchSize: 1 })] });
  await registry.storeMany(5);
  const steps = await stepsOf(() => hooked.processor.drain());
  expect(steps.filter((name) => name === 'deletions_of')).toHaveLength(1);
  expect(steps.filter((name) => name === 'complete_deletions')).toHaveLength(1);
});

test('with hooks nothing is leased ahead of them, where it would wait longer than its lease', async () => {
  const Hooks = recorder();
  const { app, processor } = await hookedApp(
    registry,
    { providers: [Hooks] },
    { processor: { batchSize: 2 } },
  );
  await registry.storeMany(6);
  const leased: number[] = [];
  app.get(Hooks).onAfter = async () => {
    const { rows } = await registry.pool.query(
      'select count(distinct lease_token)::int as leases from file_registry.deletions where lease_token is not null',
    );
    leased.push(rows[0].leases);
  };
  expect(await processor.drain()).toMatchObject({ deleted: 6 });
  expect(leased).toEqual([1, 1, 1]);
});

import { expect, test } from 'vitest';
import { type PlantName, sow } from '../crash/support/plants.js';
import { createTestDatabase } from '../support/create-test-database.js';
import type { TestDatabase } from '../support/test-database.js';
import { inMemory } from './support/bytes.js';
import { playPrograms } from './support/property.js';
import { World } from './support/world.js';

const plants: [PlantName, TestDatabase][] = [
  ['trigger', await createTestDatabase()],
  ['leave-rule', await createTestDatabase()],
  ['row-lock', await createTestDatabase()],
  ['reservation', await createTestDatabase()],
  ['lease', await createTestDatabase()],
];

test.for(plants)('random programs find that a safeguard is gone: %s', { timeout: 60_000 }, async ([name, database]) => {
  const world = await World.create(database, inMemory);
  await sow(world.admin, name);

  const report = await playPrograms(world, { seed: 1, limitMs: 20_000, shrinks: false });

  expect(report.counterexample, `${report.numRuns} programs`).not.toBeNull();
  if (process.env['MODEL_TALLY']) console.log(name, report.numRuns, String(report.errorInstance));
});

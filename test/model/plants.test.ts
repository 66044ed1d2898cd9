import { expect, test } from 'vitest';
import { type PlantName as CrashPlantName, sow } from '../crash/support/plants.js';
import { createTestDatabase } from '../support/create-test-database.js';
import type { Queryable } from '../support/queryable.js';
import { inMemory } from './support/bytes.js';
import { type PlantName, plants, takeAway } from './support/plants.js';
import { playPrograms } from './support/property.js';
import { World } from './support/world.js';

const seed = 1;
const crashPlants: CrashPlantName[] = ['trigger', 'leave-rule', 'row-lock', 'reservation', 'lease'];

type Planting = { name: string; plant: (admin: Queryable) => Promise<void>; first: number };
const plantings: Planting[] = [
  ...crashPlants.map((name) => ({ name, plant: (admin: Queryable) => sow(admin, name), first: 0 })),
  ...(Object.keys(plants) as PlantName[]).map((name) => ({
    name,
    plant: (admin: Queryable) => takeAway(admin, name),
    first: plants[name][3],
  })),
];
const databases = await Promise.all(plantings.map(() => createTestDatabase()));
const cases = plantings.map((planting, n) => ({ ...planting, database: databases[n] }));

test.for(cases)(
  'random programs find that a safeguard is missing: $name',
  async ({ plant, first, database }) => {
    if (database === undefined) throw new Error('there is a database for each');
    const world = await World.create(database, inMemory);
    await plant(world.admin);

    const report = await playPrograms(world, {
      seed,
      path: String(first),
      limitMs: 20_000,
      shrinks: false,
    });

    expect(report.counterexample, `${report.numRuns} programs`).not.toBeNull();
  },
);

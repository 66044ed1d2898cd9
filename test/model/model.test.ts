import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import type { TestDatabase } from '../support/test-database.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { type BytesFactory, inMemory, onDisk } from './support/bytes.js';
import { describeFailure, playPrograms } from './support/property.js';
import { World } from './support/world.js';

const folder = await createTemporaryFolder('model');
const random = randomInt(2 ** 31);

/** A failure is made smaller before it is reported, which takes longer than finding it. */
const timeoutMs = 120_000;

/** A bound for a machine that has other things to do; a program takes an eighth of a second. */
const limitMs = 60_000;

const kinds: [string, number, number, BytesFactory, TestDatabase][] = [
  ['in memory, always the same', 1, 15, inMemory, await createTestDatabase()],
  ['in memory', random, 12, inMemory, await createTestDatabase()],
  ['on disk', random + 1, 5, onDisk(folder), await createTestDatabase()],
];

test.for(kinds)(
  'random programs with bytes %s leave what the model says (seed %i)',
  { timeout: timeoutMs },
  async ([, seed, maxPrograms, bytes, database]) => {
    const world = await World.create(database, bytes);

    const report = await playPrograms(world, { seed, limitMs, maxPrograms });

    if (report.counterexample !== null) throw new Error(describeFailure(report));
    expect(world.tally.programs, 'programs were played').toBeGreaterThan(3);
  },
);

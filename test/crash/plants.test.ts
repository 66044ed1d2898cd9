import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ActorPool } from './support/actor-pool.js';
import { describeReport } from './support/describe-report.js';
import { type PlantName, plantNames } from './support/plants.js';
import { play } from './support/play.js';

let actors: ActorPool;
beforeAll(async () => void (actors = await ActorPool.create()));
afterAll(() => actors[Symbol.asyncDispose]());

/** What each missing safeguard leads to, first of all. */
const consequences: Record<PlantName, RegExp> = {
  'row-lock': /a reference to a file that is not there|a file without bytes|a committed reference was lost/,
  lease: /a key was deleted by two at once/,
  reservation: /a file without bytes/,
  trigger: /a file that nobody holds and nobody will ever delete/,
  'leave-rule': /a file that nobody holds and nobody will ever delete/,
  'sync-commit': /a file without bytes/,
};

test.each(plantNames)('a play without the safeguard %s breaks a law', { timeout: 60_000 }, async (plant) => {
  const report = await play({ kills: 15, seed: '1', plant, actors });
  expect(report.violations.join('\n'), describeReport(report)).toMatch(consequences[plant]);
});

test('a play with every safeguard breaks none', { timeout: 60_000 }, async () => {
  const report = await play({ kills: 5, seed: '1', actors });
  expect(report.violations, describeReport(report)).toEqual([]);
});

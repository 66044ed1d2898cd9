/** Kills processes and servers at random and judges what is left: `npm run test:crash -- --kills 50 --seed 1 [--plant NAME]` */
import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ActorPool } from './support/actor-pool.js';
import { plantNames, type PlantName } from './support/plants.js';
import { play } from './support/play.js';
import { describeReport } from './support/describe-report.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string' }, plant: { type: 'string' } },
});
const kills = Number(values.kills);
const seed = values.seed ?? String(randomInt(2 ** 31));
const plant = values.plant as PlantName | undefined;
if (!Number.isInteger(kills) || kills < 1 || kills > 100_000) fail('--kills: expected 1 to 100000.');
if (plant !== undefined && !plantNames.includes(plant)) fail(`--plant: expected ${plantNames.join(', ')}.`);
console.log(`seed ${seed}, ${kills} kills${plant === undefined ? '' : `, without the safeguard ${plant}`}`);

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`Ended by ${signal}.`)));
}

const startedAt = performance.now();
try {
  await using actors = await ActorPool.create();
  const report = await play({ kills, seed, plant, actors, signal: interrupted.signal });
  console.log(describeReport(report));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `${report.violations.length === 0 ? 'All laws held' : 'Laws were broken'} in ${seconds} s, seed ${seed}.`,
  );
  if (report.violations.length > 0) process.exitCode = 1;
} catch (error) {
  const { signal } = interrupted;
  console.error(`seed ${seed}:`, signal.aborted ? String(signal.reason) : error);
  process.exitCode = signal.aborted ? 130 : 2;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

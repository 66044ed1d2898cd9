/** Plays random programs for as long as it is told: `npm run test:soak -- --minutes 10 [--seed 1 [--path 3:0:1]] [--disk]` */
import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { createTemplate } from '../support/create-template.js';
import { startPostgres } from '../support/start-postgres.js';
import { TemporaryFolder } from '../support/temporary-folder.js';
import { TestDatabase } from '../support/test-database.js';
import { inMemory, onDisk } from './support/bytes.js';
import { describeFailure, playPrograms } from './support/property.js';
import { World } from './support/world.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    path: { type: 'string' },
    disk: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
if (!(minutes > 0 && minutes <= 10_000)) fail('--minutes: expected more than 0, at most 10000.');
if (!Number.isInteger(seed)) fail('--seed: expected a whole number.');
console.log(`seed ${seed}, ${minutes} minute(s)${values.disk ? ', bytes on disk' : ''}`);

// Everything of its own is tidied up on the way out, the server last; where this process is killed, the server's keeper does it.
await using undo = new AsyncDisposableStack();
const postgres = await startPostgres();
undo.defer(() => postgres.stop());
const admin = new Client({ connectionString: postgres.connectionString });
await admin.connect();
undo.defer(() => admin.end());
const prefix = 'soak_';
const template = await createTemplate(admin, postgres.connectionString, prefix);
const database = await TestDatabase.create({ server: postgres.connectionString, template, prefix });
undo.defer(() => database.drop());
const folder = undo.use(await TemporaryFolder.create('soak'));

const world = await World.create(database, values.disk ? onDisk(folder) : inMemory);
const report = await playPrograms(world, { seed, path: values.path, limitMs: minutes * 60_000 });

const { programs, commands, done } = world.tally;
for (const [what, times] of [...done].toSorted(([, one], [, other]) => other - one)) {
  console.log(`${String(times).padStart(8)}  ${what}`);
}
console.log(`${programs} programs, ${commands} commands, seed ${seed}.`);
if (report.counterexample === null) {
  console.log('The registry did what the model says.');
} else {
  console.error(describeFailure(report));
  process.exitCode = 1;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

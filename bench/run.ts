/**
 * Runs benchmarks: `npm run bench [-- NAME ...] [--json] [--samples N] [--size small|medium|full] [--loop-ext4]`. docs/benchmarks.md says
 * what each measures and how to read it. Stops by itself and leaves nothing behind, also after Ctrl-C.
 */
import { cpus, totalmem } from 'node:os';
import { drain } from './drain/drain.js';
import { flatness } from './flatness/flatness.js';
import { hotFile } from './hot-file.js';
import { idle } from './idle.js';
import { latency } from './latency.js';
import type { Bench } from './support/bench.js';
import { BenchServer } from './support/bench-server.js';
import { formatTable } from './support/format-table.js';
import { installQueues, queueVersions } from './support/install-queues.js';
import { MediaFolder } from './support/media-folder.js';
import { type BenchOptions, parseOptions } from './support/parse-options.js';
import { Results } from './support/results.js';
import { runScript, scriptBenches } from './support/script-benches.js';
import { transaction } from './transaction/transaction.js';
import { workers } from './workers/workers.js';

/** What hangs ends all the same. The longest takes less than half of it. */
const hoursMax = 4;

const benches: readonly Bench[] = [drain, transaction, hotFile, flatness, idle, latency, workers];
const names = [...benches.map(({ name }) => name), ...Object.keys(scriptBenches)];

// Ending at once is enough: folders and mounts go at the exit, the server and other processes when their channel closes.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => process.exit(code));
}

const wished = understood();
if (wished?.help) console.log(usage());
else if (wished !== undefined) await run(wished);

function understood(): BenchOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2), names);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
    return undefined;
  }
}

async function run(options: BenchOptions): Promise<void> {
  const wanted = benches.filter(({ name }) => options.names.length === 0 || options.names.includes(name));
  if (wanted.length > 0) await runBenches(wanted, options);
  for (const name of options.names.filter((each) => each in scriptBenches)) {
    const code = await runScript(name, options.size, options.json);
    if (code !== 0) throw new Error(`${name} ended with exit code ${code}`);
  }
}

async function runBenches(wanted: readonly Bench[], options: BenchOptions): Promise<void> {
  installQueues();
  await using media = await MediaFolder.create(options);
  await using server = await BenchServer.start();
  const where = {
    postgres: server.version,
    node: process.version,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    media: media.description,
    samples: options.samples,
    size: options.size,
    ...queueVersions(),
  };
  if (options.json) console.log(JSON.stringify({ context: where }));

  for (const bench of wanted) {
    const results = new Results(bench.name);
    const deadline = setTimeout(() => {
      console.error(`${bench.name} was not done after ${hoursMax} hours.`);
      process.exit(1);
    }, hoursMax * 3_600_000);
    const { size, samples } = options;
    await bench.run({ size, samples, server, media, results, progress: (text) => console.error(text) });
    clearTimeout(deadline);
    if (options.json) {
      for (const figure of results.figures) console.log(JSON.stringify(figure));
      continue;
    }
    const context = Object.entries(where).map(([name, value]) => `${name} ${value}`);
    console.log(`\n${bench.name}: ${bench.what}\n${context.join(', ')}`);
    for (const table of results.tables()) console.log(`\n${formatTable(table)}`);
  }
}

function usage(): string {
  const lines = [
    ...benches.map(({ name, what }) => [name, what] as const),
    ...Object.entries(scriptBenches).map(([name, { what }]) => [name, what] as const),
  ].map(([name, what]) => `  ${name.padEnd(22)}${what}`);
  return [
    'npm run bench [-- NAME ...] [--json] [--samples N] [--size small|medium|full] [--loop-ext4]',
    '',
    ...lines,
    '',
    'Without a NAME the first seven run. --samples is 5 unless given, --size small only tries things out, medium takes the smaller tables of full.',
  ].join('\n');
}

import { Client } from 'pg';
import type { Bench, BenchContext } from '../support/bench.js';
import type { BenchServer } from '../support/bench-server.js';
import { nowhere } from '../support/nowhere.js';
import { openRegistry, type OpenRegistry } from '../support/open-registry.js';
import type { Metric } from '../support/results.js';
import { rounds } from '../support/rounds.js';
import { StatementMeter } from '../support/statement-meter.js';
import { timed } from '../support/timed.js';
import { buildTables, detachSome, leaveDeadRows, refill } from './build-tables.js';
import { type Pick, picks, type Scenario, scenarios } from './scenario.js';

interface Stage {
  readonly scenario: Scenario;
  /** The superuser, past the triggers. */
  readonly client: Client;
  readonly registry: OpenRegistry;
  readonly meter: StatementMeter;
}

const hourMs = 60 * 60 * 1000;

/** Files and references, and the dead or waiting rows of the other scenarios. */
const sizes = {
  small: { files: [1000, 10_000, 100_000], others: 20_000 },
  medium: { files: [10_000, 100_000, 1_000_000], others: 200_000 },
  full: { files: [10_000, 1_000_000, 10_000_000], others: 1_000_000 },
} as const;

export const flatness: Bench = {
  name: 'flatness',
  what: 'the rate of the processor with more and more rows around, dead rows under a snapshot, and intents not yet due',
  async run(context) {
    const small = context.size === 'small';
    const n = small ? 500 : 5000;
    const { files, others } = sizes[context.size];
    const all = scenarios(files, others);
    await using stack = new AsyncDisposableStack();
    const stages: Stage[] = [];
    for (const scenario of all) {
      context.progress(`building: ${scenario.name}`);
      stages.push(await openStage(context.server, stack, scenario));
    }
    for (const stage of stages) await sample(context, stage, 'neighbours', n); // plans and caches are new in it
    for await (const { round, subject: stage } of rounds(context.samples, stages)) {
      for (const pick of picks) {
        context.progress(`flatness, round ${round + 1}: ${stage.scenario.name}, ${pick}`);
        const { settleMs, drainMs, walBytes } = await sample(context, stage, pick, n);
        const add = (name: string, unit: string, value: number) => {
          const metric: Metric = { name: `${name}, ${pick}`, n, unit, ratio: { to: all[0]!.name } };
          context.results.add(metric, stage.scenario.name, value);
        };
        add('settling', 'files/s', (n / settleMs) * 1000);
        add('settling and completing', 'files/s', (n / drainMs) * 1000);
        add('WAL', 'bytes a file', walBytes / n);
      }
    }
  },
};

async function openStage(
  server: BenchServer,
  stack: AsyncDisposableStack,
  scenario: Scenario,
): Promise<Stage> {
  const database = stack.use(await server.create({ registry: true }));
  const client = await connect(database.connectionString, stack);
  await client.query('set session_replication_role = replica');
  await client.query('set synchronous_commit = off');
  await buildTables(client, scenario);

  if (scenario.dead !== undefined) {
    const holder = await connect(database.connectionString, stack);
    await holder.query('begin isolation level repeatable read');
    await holder.query('select from file_registry.settings');
    await leaveDeadRows(client, scenario);
  }
  const pool = database.pool();
  const meter = new StatementMeter(pool);
  const registry = stack.use(
    await openRegistry({
      database: pool,
      storages: { nowhere },
      gracePeriodMs: hourMs,
      processor: { sweepIntervalMs: hourMs },
    }),
  );
  return { scenario, client, registry, meter };
}

async function connect(connectionString: string, stack: AsyncDisposableStack): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  stack.defer(() => client.end());
  return client;
}

async function sample(
  { server }: BenchContext,
  { scenario, client, registry, meter }: Stage,
  pick: Pick,
  n: number,
): Promise<{ settleMs: number; drainMs: number; walBytes: number }> {
  const detached = await detachSome(client, scenario, pick, n);
  await server.checkpoint();
  const receiptsBefore = await countReceipts(client);
  const walBytesBefore = await walBytesSoFar(client);
  meter.take();
  const drainMs = await timed(() => registry.processor.tick());
  const walBytes = (await walBytesSoFar(client)) - walBytesBefore;
  const deleted = (await countReceipts(client)) - receiptsBefore;
  if (detached !== n || deleted !== n) {
    throw new Error(`${scenario.name}: ${deleted} of ${detached} files were deleted, ${n} were expected`);
  }
  const settles = meter.take().filter(({ text }) => /\bsettle\b/.test(text));
  if (settles.length === 0) throw new Error('no statement of the processor is called settle any more');
  await refill(client);
  return { settleMs: settles.reduce((sum, { ms }) => sum + ms, 0), drainMs, walBytes };
}

async function countReceipts(client: Client): Promise<number> {
  const { rows } = await client.query<{ receipts: number }>(
    `select count(*)::int as receipts from file_registry.deletions where state = 'deleted'`,
  );
  return rows[0]!.receipts;
}

/** After a checkpoint, which comes before each sample here, the first change of a page writes all of its 8 kB. */
async function walBytesSoFar(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes`,
  );
  return Number(rows[0]!.bytes);
}

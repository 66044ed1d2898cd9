import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { BenchServer, type BenchDatabase } from './support/bench-server.js';
import type { Bench, BenchContext } from './support/bench.js';
import { jobQueueNames, openJobQueue } from './support/job-queue.js';
import { nowhere } from './support/nowhere.js';
import { openRegistry } from './support/open-registry.js';
import { rounds } from './support/rounds.js';

/** Statements and the server's time on them. */
interface Load {
  readonly statements: number;
  readonly ms: number;
}

const minuteMs = 60_000;
const intervalDefaultMs = 1000;
const sweepIntervalDefaultMs = 30_000;
const dayMs = 24 * 60 * minuteMs;

const reference = 'registry';

export const idle: Bench = {
  name: 'idle',
  what: 'statements and database time a minute with nothing to do',
  async run(context) {
    // A server of its own: counting statements costs a little in each.
    await using server = await BenchServer.start({ shared_preload_libraries: 'pg_stat_statements' });
    const systems: Record<string, () => Promise<Load>> = {
      [reference]: () => registryMinute(server, context),
      ...Object.fromEntries(
        jobQueueNames.map((name) => [`${name}, LISTEN/NOTIFY`, () => queueMinute(server, context, name)]),
      ),
    };
    for await (const { round, subject } of rounds(context.samples, Object.entries(systems))) {
      const [name, takeMinute] = subject;
      context.progress(`idle, round ${round + 1}: ${name}`);
      const { statements, ms } = await takeMinute();
      const n = minuteMs / intervalDefaultMs;
      context.results.add(
        { name: 'statements', n, unit: 'a minute', ratio: { to: reference } },
        name,
        statements,
      );
      context.results.add(
        { name: 'database time', n, unit: 'ms a minute', ratio: { to: reference } },
        name,
        ms,
      );
    }
  },
};

/** Ticks one after the other instead of one a second: those that sweep and those that do not, weighed as in a minute. */
async function registryMinute(server: BenchServer, { size }: BenchContext): Promise<Load> {
  const ticks = size === 'small' ? 20 : 200;
  await using database = await server.create({ registry: true });
  const perTick = async (sweepIntervalMs: number): Promise<Load> => {
    await using registry = await openRegistry({
      database: database.pool(),
      storages: { nowhere },
      processor: { enabled: false, sweepIntervalMs },
    });
    await registry.processor.tick(); // the first one always sweeps
    const load = await measure(database, async () => {
      for (let tick = 0; tick < ticks; tick++) await registry.processor.tick();
    });
    return { statements: load.statements / ticks, ms: load.ms / ticks };
  };
  const sweeping = await perTick(0);
  const plain = await perTick(dayMs);
  const sweeps = minuteMs / sweepIntervalDefaultMs;
  const others = minuteMs / intervalDefaultMs - sweeps;
  return {
    statements: sweeping.statements * sweeps + plain.statements * others,
    ms: sweeping.ms * sweeps + plain.ms * others,
  };
}

/** A minute of a worker that is woken by LISTEN/NOTIFY and has its defaults otherwise: some of what it does, it does once a minute. */
async function queueMinute(
  server: BenchServer,
  { size }: BenchContext,
  name: (typeof jobQueueNames)[number],
): Promise<Load> {
  const windowMs = { small: 2000, medium: 10_000, full: minuteMs }[size];
  await using database = await server.create({ registry: false });
  await using queue = await openJobQueue(name, database, { keysPerJob: 1, tuning: 'defaults' });
  const worker = await queue.work(async () => undefined);
  await pause(500); // what it does once at its start
  const load = await measure(database, () => pause(windowMs));
  await worker.stop();
  const share = minuteMs / windowMs;
  return { statements: load.statements * share, ms: load.ms * share };
}

async function measure(database: BenchDatabase, work: () => Promise<unknown>): Promise<Load> {
  const client = new Client({ connectionString: database.connectionString });
  await client.connect();
  try {
    await client.query('create extension if not exists pg_stat_statements');
    await client.query(
      `select pg_stat_statements_reset(dbid => oid) from pg_database where datname = current_database()`,
    );
    await work();
    const { rows } = await client.query<{ statements: string; ms: number }>(
      `select coalesce(sum(calls), 0) as statements, coalesce(sum(total_exec_time), 0)::float8 as ms
         from pg_stat_statements s
         join pg_database d on d.oid = s.dbid
        where d.datname = current_database()
          and s.query not like '%pg_stat_statements_reset%'`,
    );
    return { statements: Number(rows[0]!.statements), ms: rows[0]!.ms };
  } finally {
    await client.end();
  }
}

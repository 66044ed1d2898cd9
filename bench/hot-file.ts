import { randomInt, randomUUID } from 'node:crypto';
import { localStorage, type StoredFile } from 'nestjs-file-registry';
import type { Pool, PoolClient } from 'pg';
import type { Bench, BenchContext } from './support/bench.js';
import { fillRegistry } from './support/fill-registry.js';
import { type MadeFile, nameFiles } from './support/make-files.js';
import { openRegistry } from './support/open-registry.js';
import type { Metric } from './support/results.js';
import { rounds } from './support/rounds.js';

type Attach = (client: PoolClient, file: MadeFile) => Promise<unknown>;

interface HotSystem {
  readonly name: string;
  readonly pool: Pool;
  readonly attach: Attach;
}

interface Tally {
  committed: number;
  deadlocks: number;
}

const clientsMax = 100;
const deadlockClients = 50;
const sharedFiles = 20;
const counterName = 'counter column';

export const hotFile: Bench = {
  name: 'hot-file',
  what: 'many clients attach one file, or two of twenty, in transactions of 5 ms, against a counter column',
  async run(context) {
    const seconds = context.size === 'small' ? 0.5 : 5;
    // PostgreSQL looks for a deadlock after waiting for a second.
    const deadlockSeconds = Math.max(seconds, 3);
    const files = nameFiles(sharedFiles);
    await using stack = new AsyncDisposableStack();
    const systems = [await openLedger(context, stack, files), await openCounter(context, stack, files)];

    for (const clients of [1, 10, clientsMax]) {
      for await (const { round, subject: system } of rounds(context.samples, systems)) {
        context.progress(`hot file with ${clients} clients, round ${round + 1}: ${system.name}`);
        const { committed } = await load(system.pool, clients, seconds, async (client) => {
          await system.attach(client, files[0]!);
          await client.query('select pg_sleep(0.005)');
        });
        context.results.add(
          perSecond('attaching one file for 5 ms', clients),
          system.name,
          committed / seconds,
        );
      }
    }
    for await (const { round, subject: system } of rounds(context.samples, systems)) {
      context.progress(`two of ${sharedFiles} files, round ${round + 1}: ${system.name}`);
      const { committed, deadlocks } = await load(
        system.pool,
        deadlockClients,
        deadlockSeconds,
        async (client) => {
          for (const file of pickTwo(files)) await system.attach(client, file);
        },
      );
      context.results.add(
        perSecond('attaching two files of twenty', deadlockClients),
        system.name,
        committed / deadlockSeconds,
      );
      context.results.add(
        { ...perSecond('deadlocks with two files of twenty', deadlockClients), unit: '% of transactions' },
        system.name,
        (deadlocks / Math.max(1, committed + deadlocks)) * 100,
      );
    }
  },
};

function perSecond(name: string, clients: number): Metric {
  return { name, n: clients, unit: 'transactions/s', ratio: { to: counterName } };
}

async function openLedger(
  { server, media }: BenchContext,
  stack: AsyncDisposableStack,
  files: readonly MadeFile[],
): Promise<HotSystem> {
  const database = stack.use(await server.create({ registry: true }));
  const pool = database.pool({ max: clientsMax });
  await fillRegistry(pool, files, 'kept');
  const registry = stack.use(
    await openRegistry({
      database: pool,
      storages: { media: localStorage({ root: await media.folder() }) },
    }),
  );
  return {
    name: 'registry',
    pool,
    attach: (client, file) =>
      registry.files
        .in(client)
        .attach(file as StoredFile, { type: 'article', id: randomUUID(), slot: 'cover' }),
  };
}

async function openCounter(
  { server }: BenchContext,
  stack: AsyncDisposableStack,
  files: readonly MadeFile[],
): Promise<HotSystem> {
  const database = stack.use(await server.create({ registry: false }));
  const pool = database.pool({ max: clientsMax });
  await pool.query('create table file (id uuid primary key, ref_count bigint not null default 0)');
  await pool.query('insert into file select unnest($1::uuid[])', [files.map(({ id }) => id)]);
  return {
    name: counterName,
    pool,
    attach: (client, { id }) => client.query('update file set ref_count = ref_count + 1 where id = $1', [id]),
  };
}

/** Transactions that the clients commit while the time runs; those under way at its end are waited for and not counted. */
async function load(
  pool: Pool,
  clients: number,
  seconds: number,
  work: (client: PoolClient) => Promise<void>,
): Promise<Tally> {
  const connections = await Promise.all(Array.from({ length: clients }, () => pool.connect()));
  const tally: Tally = { committed: 0, deadlocks: 0 };
  // The first statements of a connection pay for its caches.
  await Promise.allSettled(connections.map((client) => transact(client, work)));
  const endsAt = performance.now() + seconds * 1000;
  const settled = await Promise.allSettled(
    connections.map(async (client) => {
      while (performance.now() < endsAt) {
        const outcome = await transact(client, work);
        if (performance.now() < endsAt) tally[outcome]++;
      }
    }),
  );
  for (const client of connections) client.release();
  for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
  return tally;
}

async function transact(
  client: PoolClient,
  work: (client: PoolClient) => Promise<void>,
): Promise<keyof Tally> {
  await client.query('begin');
  try {
    await work(client);
    await client.query('commit');
    return 'committed';
  } catch (error) {
    await client.query('rollback');
    if (isDeadlock(error)) return 'deadlocks';
    throw error;
  }
}

/** The registry's errors carry PostgreSQL's as their cause. */
function isDeadlock(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ((each as Error & { code?: string }).code === '40P01') return true;
  }
  return false;
}

function pickTwo(files: readonly MadeFile[]): MadeFile[] {
  const first = randomInt(files.length);
  const second = (first + 1 + randomInt(files.length - 1)) % files.length;
  return [files[first]!, files[second]!];
}

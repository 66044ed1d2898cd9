import type { ClientBase } from 'pg';
import type { Bench, BenchContext } from '../support/bench.js';
import type { Metric } from '../support/results.js';
import { rounds } from '../support/rounds.js';
import { percentile } from '../support/statistics.js';
import { timed } from '../support/timed.js';
import {
  type Album,
  nameAlbums,
  openSystem,
  plain,
  systemKinds,
  type TransactionSystem,
} from './transaction-system.js';
import { compareStatements } from './compare-statements.js';

interface Plan {
  /** Files that one transaction attaches or detaches. */
  readonly atOnce: number;
  /** Transactions of each kind in a sample. */
  readonly transactions: number;
}

/** Where the commit waits for the disk, the disk's latency hides much of what a transaction does. */
const commits = { durable: 'on', 'not waiting for the disk': 'off' } as const;

export const transaction: Bench = {
  name: 'transaction',
  what: "latency of the application's transaction with an attach or a detach, against none and against a job",
  async run(context) {
    const plans: Plan[] =
      context.size === 'small'
        ? [
            { atOnce: 1, transactions: 30 },
            { atOnce: 1000, transactions: 2 },
          ]
        : [
            { atOnce: 1, transactions: context.size === 'full' ? 500 : 200 },
            { atOnce: 1000, transactions: context.size === 'full' ? 20 : 5 },
          ];
    for (const plan of plans) await compareTransactions(context, plan);
    await compareStatements(context);
  },
};

async function compareTransactions(context: BenchContext, plan: Plan): Promise<void> {
  const albums = nameAlbums(plan.transactions, plan.atOnce);
  const files = albums.flatMap(({ photos }) => photos);
  await using stack = new AsyncDisposableStack();
  const systems: TransactionSystem[] = [];
  for (const kind of systemKinds) systems.push(stack.use(await openSystem(context, kind, files)));

  // A round that does not count: connections, plans and caches are new in it.
  for (const system of systems) await sample(system, albums.slice(0, 10), 'off', () => undefined);
  for await (const { round, subject: system } of rounds(context.samples, systems)) {
    context.progress(`transaction with ${plan.atOnce} at once, round ${round + 1}: ${system.name}`);
    for (const [durability, synchronousCommit] of Object.entries(commits)) {
      await sample(system, albums, synchronousCommit, (verb, latencies) => {
        for (const percent of [50, 95]) {
          const metric: Metric = {
            name: `${verb} ${plan.atOnce === 1 ? 'one file' : 'many files'}, p${percent}, ${durability}`,
            n: plan.atOnce,
            unit: 'ms',
            ratio: { to: plain },
          };
          context.results.add(metric, system.name, percentile(latencies, percent));
        }
      });
    }
  }
}

/** All albums come, then all go, each in a transaction of its own. */
async function sample(
  system: TransactionSystem,
  albums: readonly Album[],
  synchronousCommit: 'on' | 'off',
  take: (verb: string, latencies: readonly number[]) => void,
): Promise<void> {
  const client = await system.pool.connect();
  try {
    await client.query(`set synchronous_commit = ${synchronousCommit}`);
    const inserts: number[] = [];
    for (const album of albums) inserts.push(await timed(() => insertAlbum(client, system, album)));
    take('attach', inserts);
    const deletes: number[] = [];
    for (const album of albums) deletes.push(await timed(() => deleteAlbum(client, system, album)));
    take('detach', deletes);
  } finally {
    client.release();
  }
  await system.tidy();
}

async function insertAlbum(client: ClientBase, system: TransactionSystem, album: Album): Promise<void> {
  await client.query('begin');
  await client.query(
    `insert into photo (album_id, file_id, key) select $1, id, key from unnest($2::uuid[], $3::text[]) as p(id, key)`,
    [album.id, album.photos.map(({ id }) => id), album.photos.map(({ key }) => key)],
  );
  await system.attach?.(client, album);
  await client.query('commit');
}

async function deleteAlbum(client: ClientBase, system: TransactionSystem, album: Album): Promise<void> {
  await client.query('begin');
  await client.query('delete from photo where album_id = $1 returning key', [album.id]);
  await system.detach?.(client, album);
  await client.query('commit');
}

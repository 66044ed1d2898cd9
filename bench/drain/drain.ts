import type { Pool } from 'pg';
import type { Bench, BenchContext } from '../support/bench.js';
import { type MadeFile, makeFiles, nameFiles, removeEmptied } from '../support/make-files.js';
import type { Metric } from '../support/results.js';
import { rounds } from '../support/rounds.js';
import { timed } from '../support/timed.js';
import { unlinkFiles } from '../support/unlink-files.js';
import type { DrainSystem, Mode, OpenDrain } from './drain-system.js';
import { queueSystems } from './queue-systems.js';
import { registryColumn, registryAtOnce, registryPerOwner } from './registry-systems.js';
import { rowsPerTransaction } from './rows-per-transaction.js';
import { bareDelete, bareUnlink, unsafeScript } from './unsafe-systems.js';

const systems = [registryAtOnce, registryColumn, ...queueSystems, unsafeScript];
const reference = registryAtOnce.name;

type Subject = { readonly system: DrainSystem; readonly mode: Mode } | typeof bareDelete | typeof bareUnlink;

/** Files. */
const sizes = { small: [2000], medium: [20_000], full: [20_000, 100_000] };

const floors: readonly Subject[] = [bareDelete, bareUnlink];

export const drain: Bench = {
  name: 'drain',
  what: 'owner rows deleted in transactions of 100, until every byte of their files is gone',
  async run(context) {
    for (const [index, n] of sizes[context.size].entries()) {
      // A hundred calls a transaction take minutes for the larger size, and tell nothing new there.
      const compared = index === 0 ? [...systems, registryPerOwner] : systems;
      const subjects: readonly Subject[] = [
        ...compared.flatMap((system) => system.modes.map((mode) => ({ system, mode }))),
        ...floors,
      ];
      for await (const { round, subject } of rounds(context.samples, subjects)) {
        const name = typeof subject === 'string' ? subject : `${subject.system.name}, ${subject.mode}`;
        context.progress(`drain of ${n}, round ${round + 1}: ${name}`);
        if (typeof subject === 'string') await sampleFloor(context, subject, n);
        else await sampleSystem(context, subject.system, subject.mode, n);
      }
    }
  },
};

async function sampleSystem(
  { server, media, results }: BenchContext,
  system: DrainSystem,
  mode: Mode,
  n: number,
): Promise<void> {
  const files = nameFiles(n);
  const root = await media.folder();
  await makeFiles(root, files);
  await using database = await server.create({ registry: system.registry });
  const pool = database.pool();
  await createOwners(pool, files);
  await using open = await system.open({ database, root, files, mode });
  await server.checkpoint();
  await media.sync();

  if (mode === 'alongside') await open.start?.();
  const rowsMs = await timed(() => deleteOwners(pool, n, open));
  const bytesMs = await timed(() => open.finish());
  await removeEmptied(root, system.name);

  const add = (metric: string, unit: string, ms: number) =>
    results.add(rate(`${metric}, processor ${mode}`, unit, n), system.name, (n / ms) * 1000);
  add('end to end', 'files/s', rowsMs + bytesMs);
  add('transactions', 'rows/s', rowsMs);
  if (mode === 'afterwards') add('bytes', 'files/s', bytesMs);
}

async function sampleFloor(
  { server, media, results }: BenchContext,
  floor: typeof bareDelete | typeof bareUnlink,
  n: number,
): Promise<void> {
  const files = nameFiles(n);
  let ms: number;
  if (floor === bareDelete) {
    await using database = await server.create({ registry: false });
    const pool = database.pool();
    await createOwners(pool, files);
    await server.checkpoint();
    await media.sync();
    ms = await timed(() => deleteOwners(pool, n));
  } else {
    const root = await media.folder();
    await makeFiles(root, files);
    await media.sync();
    ms = await timed(() =>
      unlinkFiles(
        root,
        files.map(({ key }) => key),
      ),
    );
    await removeEmptied(root, floor);
  }
  const split = floor === bareDelete ? ['transactions', 'rows/s'] : ['bytes', 'files/s'];
  for (const [metric, unit] of [['end to end', 'files/s'], split]) {
    results.add(rate(`${metric}, processor afterwards`, unit!, n), floor, (n / ms) * 1000);
  }
}

function rate(name: string, unit: string, n: number): Metric {
  return { name, unit, n, ratio: { of: reference } };
}

/** Articles that name their cover by id, for a tracked column, and by key, for whoever unlinks by himself. */
async function createOwners(pool: Pool, files: readonly MadeFile[]): Promise<void> {
  await pool.query(
    `create table article (id bigint primary key, title text not null, cover_id uuid not null, cover_key text not null)`,
  );
  await pool.query(
    `insert into article
     select n, 'A title', id, key from unnest($1::uuid[], $2::text[]) with ordinality as f(id, key, n)`,
    [files.map(({ id }) => id), files.map(({ key }) => key)],
  );
  await pool.query('vacuum analyze article');
}

async function deleteOwners(pool: Pool, n: number, open?: OpenDrain): Promise<void> {
  const client = await pool.connect();
  try {
    for (let first = 1; first <= n; first += rowsPerTransaction) {
      await client.query('begin');
      const { rows } = await client.query<{ id: string; key: string }>(
        'delete from article where id between $1 and $2 returning id, cover_key as key',
        [first, first + rowsPerTransaction - 1],
      );
      await open?.inTransaction?.(client, rows);
      await client.query('commit');
      await open?.afterCommit?.(rows);
    }
  } finally {
    client.release();
  }
}

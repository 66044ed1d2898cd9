import { localStorage, type StoredFile } from 'nestjs-file-registry';
import type { Pool, PoolClient } from 'pg';
import type { BenchContext } from '../support/bench.js';
import { fillRegistry } from '../support/fill-registry.js';
import { type MadeFile, nameFiles } from '../support/make-files.js';
import { openRegistry, type OpenRegistry } from '../support/open-registry.js';
import type { Metric } from '../support/results.js';
import { percentile } from '../support/statistics.js';
import { timed } from '../support/timed.js';

const bareInsert = 'bare INSERT';

/**
 * The attach alone, without begin and commit, against an INSERT of the same rows into a table with the same columns, indexes and
 * foreign key, as an application would keep them itself. Both run by turns in one open transaction, which is rolled back.
 */
export async function compareStatements(context: BenchContext): Promise<void> {
  const { server, media, samples, results } = context;
  const plans =
    context.size === 'small'
      ? [
          [1, 50],
          [1000, 2],
        ]
      : [
          [1, 1000],
          [1000, 30],
        ];
  const [atOnceMax] = plans[1] as [number, number];

  await using database = await server.create({ registry: true });
  const pool = database.pool();
  await pool.query(`
    create table bare_references (like file_registry.file_references including all);
    alter table bare_references add foreign key (file_id) references file_registry.files;`);
  const files = nameFiles(atOnceMax);
  await fillRegistry(pool, files, 'kept');
  await using registry = await openRegistry({
    database: pool,
    storages: { media: localStorage({ root: await media.folder() }) },
  });

  for (let round = -1; round < samples; round++) {
    for (const [atOnce, statements] of plans as [number, number][]) {
      context.progress(`attach statement of ${atOnce}, round ${round + 1}`);
      const latencies = await sample(pool, registry, files.slice(0, atOnce), statements);
      if (round < 0) continue; // caches and plans are new in the first
      for (const [system, values] of Object.entries(latencies)) {
        for (const percent of [50, 95])
          results.add(metric(atOnce, percent), system, percentile(values, percent));
      }
    }
  }
}

function metric(atOnce: number, percent: number): Metric {
  return {
    name: `attach statement of ${atOnce === 1 ? 'one file' : 'many files'}, p${percent}, no commit`,
    n: atOnce,
    unit: 'ms',
    ratio: { to: bareInsert },
  };
}

async function sample(
  pool: Pool,
  registry: OpenRegistry,
  files: readonly MadeFile[],
  statements: number,
): Promise<Record<string, number[]>> {
  const latencies: Record<string, number[]> = { [bareInsert]: [], 'registry, attach': [] };
  const client = await pool.connect();
  try {
    await client.query('begin');
    const verbs = registry.files.in(client);
    for (let number = 0; number < statements; number++) {
      latencies[bareInsert]!.push(await timed(() => insertBare(client, files, number)));
      latencies['registry, attach']!.push(
        await timed(() =>
          verbs.attach(files as readonly StoredFile[], { type: 'album', id: number, slot: 'photos' }),
        ),
      );
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
  return latencies;
}

async function insertBare(client: PoolClient, files: readonly MadeFile[], album: number): Promise<void> {
  await client.query(
    `insert into bare_references (file_id, owner_type, owner_id, slot) select id, 'album', $2, 'photos' from unnest($1::uuid[]) id`,
    [files.map(({ id }) => id), String(album)],
  );
}

import { localStorage, type StoredFile, trackFileColumn } from 'nestjs-file-registry';
import type { ClientBase, Pool } from 'pg';
import type { BenchContext } from '../support/bench.js';
import type { BenchDatabase } from '../support/bench-server.js';
import { fillRegistry } from '../support/fill-registry.js';
import { type JobQueueName, openJobQueue } from '../support/job-queue.js';
import { type MadeFile, nameFiles } from '../support/make-files.js';
import { openRegistry } from '../support/open-registry.js';

/** Photos of an album: the rows that the application itself writes and deletes, in every system alike. */
export interface Album {
  readonly id: number;
  readonly photos: readonly MadeFile[];
}

/** What a system adds to the application's transaction when an album comes and when it goes. */
export interface TransactionSystem extends AsyncDisposable {
  readonly name: string;
  readonly pool: Pool;
  attach?(client: ClientBase, album: Album): Promise<unknown>;
  detach?(client: ClientBase, album: Album): Promise<unknown>;
  /** Forgets what the transactions left, so that each round finds the same tables. */
  tidy(): Promise<void>;
}

export const plain = 'plain';

export type SystemKind =
  typeof plain | 'registry' | 'tracked column' | readonly [JobQueueName, 'file' | 'transaction'];

export const systemKinds: readonly SystemKind[] = [
  plain,
  'registry',
  'tracked column',
  ['pg-boss', 'file'],
  ['pg-boss', 'transaction'],
  ['graphile-worker', 'file'],
  ['graphile-worker', 'transaction'],
];

/** A system on a fresh database with the application's table; `files` can be named by albums. */
export async function openSystem(
  { server, media }: BenchContext,
  kind: SystemKind,
  files: readonly MadeFile[],
): Promise<TransactionSystem> {
  const database = await server.create({ registry: kind === 'registry' || kind === 'tracked column' });
  const pool = database.pool();
  await pool.query(`
    create table photo (id bigint generated always as identity primary key, album_id bigint not null,
                        file_id uuid not null, key text not null);
    create index on photo (album_id);`);
  if (kind === plain)
    return {
      name: plain,
      pool,
      tidy: () => vacuum(pool),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  if (kind === 'registry' || kind === 'tracked column') {
    return openWithRegistry(kind, database, pool, await media.folder(), files);
  }
  return openWithJobs(kind, database, pool);
}

async function openWithRegistry(
  kind: 'registry' | 'tracked column',
  database: BenchDatabase,
  pool: Pool,
  root: string,
  files: readonly MadeFile[],
): Promise<TransactionSystem> {
  await fillRegistry(pool, files, 'kept');
  if (kind === 'tracked column') await trackFileColumn(pool, { table: 'photo', column: 'file_id' });
  const registry = await openRegistry({ database: pool, storages: { media: localStorage({ root }) } });
  const owner = ({ id }: Album) => ({ type: 'album', id, slot: 'photos' });
  const explicit: Pick<TransactionSystem, 'attach' | 'detach'> = {
    attach: (client, album) =>
      registry.files.in(client as never).attach(album.photos as readonly StoredFile[], owner(album)),
    detach: (client, album) => registry.files.in(client as never).detachAll({ type: 'album', id: album.id }),
  };
  return {
    name: kind === 'registry' ? 'registry, explicit call' : 'registry, tracked column',
    pool,
    ...(kind === 'registry' && explicit),
    async tidy() {
      await pool.query(
        `begin; set local session_replication_role = replica; delete from file_registry.deletion_outbox; commit`,
      );
      await vacuum(pool);
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function openWithJobs(
  [name, per]: readonly [JobQueueName, 'file' | 'transaction'],
  database: BenchDatabase,
  pool: Pool,
): Promise<TransactionSystem> {
  const queue = await openJobQueue(name, database, { keysPerJob: 1, tuning: 'throughput' });
  const enqueue = (client: ClientBase, { photos }: Album) => {
    const keys = photos.map(({ key }) => key);
    return queue.enqueue(client, per === 'file' ? keys.map((key) => ({ keys: [key] })) : [{ keys }]);
  };
  return {
    name: `${name}, one job a ${per}`,
    pool,
    attach: enqueue,
    detach: enqueue,
    async tidy() {
      await queue.clear();
      await vacuum(pool);
    },
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function vacuum(pool: Pool): Promise<void> {
  await pool.query('vacuum analyze');
}

export function nameAlbums(count: number, photos: number): Album[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, photos: nameFiles(photos) }));
}

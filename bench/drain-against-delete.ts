/**
 * How long one processor takes to drain detached files against a storage that does nothing, as a ratio to a bare DELETE of
 * the same rows with the same keys and one foreign key, in one statement and in transactions of 1,000:
 * `npm run bench [-- FILES]`.
 */
import { Test } from '@nestjs/testing';
import { type FileStorage, FileRegistryModule, migrate, OutboxProcessor } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { startPostgres } from '../test/support/start-postgres.js';

const files = Number(process.argv[2] ?? 200_000);
const rounds = 3;
const batchSize = 1000;

const nowhere: FileStorage = {
  location: 'null:///',
  check: async () => {},
  write: () => Promise.reject(new Error('nothing is written here')),
  read: () => Promise.reject(new Error('nothing is read here')),
  stat: async () => null,
  list: async function* () {},
  delete: async (objects) => objects.map(({ key }) => ({ key })),
};

/** With the settings of a server that keeps what it confirmed; the tests' own do not. */
const postgres = await startPostgres({
  settings: { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', max_wal_size: '8GB' },
});
const database = new Pool({ connectionString: postgres.connectionString, max: 4 });
try {
  await migrate(database);
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database,
        storages: { nowhere },
        gracePeriodMs: 0,
        processor: { enabled: false },
      }),
    ],
  }).compile();
  const processor = module.get(OutboxProcessor);

  const figures: Record<string, number>[] = [];
  for (let round = 1; round <= rounds; round++) {
    await fill();
    const deleteMs = await timed(() => database.query('delete from bare_files'));
    await fillBare();
    const deleteInBatchesMs = await timed(deleteInBatches);
    const detachMs = await timed(() => database.query('delete from file_registry.file_references'));
    await database.query('checkpoint');
    const drainMs = await timed(async () => {
      const { deleted } = await processor.drain();
      if (deleted !== files) throw new Error(`${deleted} of ${files} files were deleted`);
    });
    figures.push({
      deleteMs,
      deleteInBatchesMs,
      detachMs,
      drainMs,
      filesPerSecond: (files / drainMs) * 1000,
      ratio: drainMs / deleteMs,
      ratioToBatches: drainMs / deleteInBatchesMs,
    });
  }
  console.table(
    figures.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value.toPrecision(4))])),
    ),
  );
  const median = (name: 'ratio' | 'ratioToBatches') => {
    const sorted = figures.map((row) => row[name] ?? Number.NaN).toSorted((a, b) => a - b);
    return sorted[Math.floor(rounds / 2)]?.toFixed(2);
  };
  console.log(
    `${files} files: a drain takes ${median('ratio')} times a bare DELETE in one statement, ` +
      `${median('ratioToBatches')} times one in transactions of ${batchSize} (medians of ${rounds})`,
  );
  await module.close();
} finally {
  await database.end();
  await postgres.stop();
}

async function fill(): Promise<void> {
  await database.query(`
    insert into file_registry.files (id, storage, key, filename, content_type, size)
    select id, 'nowhere', format('2026/11/21/%s/%s-photo.jpg', right(id::text, 1), id), 'photo.jpg', 'image/jpeg', 4096
      from (select uuidv7() as id from generate_series(1, ${files})) generated;
    insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
    select id, 'article', id::text, 'cover' from file_registry.files;`);
  await fillBare();
}

/** The same rows again, with keys and one foreign key whose references have just gone. */
async function fillBare(): Promise<void> {
  await database.query(`
    drop table if exists bare_references, bare_files;
    create table bare_files (like file_registry.files including defaults including constraints);
    insert into bare_files select * from file_registry.files;
    alter table bare_files add primary key (id), add unique (storage, key);
    create table bare_references (file_id uuid not null references bare_files, owner_id text, primary key (owner_id, file_id));
    insert into bare_references select id, id::text from bare_files;
    create index on bare_references (file_id);`);
  await database.query('vacuum analyze');
  await database.query('delete from bare_references');
  await database.query('checkpoint');
}

async function deleteInBatches(): Promise<void> {
  const { rows } = await database.query('select array_agg(id order by id) as ids from bare_files');
  const ids = rows[0].ids as string[];
  for (let start = 0; start < ids.length; start += batchSize) {
    await database.query('delete from bare_files where id = any($1)', [ids.slice(start, start + batchSize)]);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/**
 * How fast a storage is reconciled and how much memory that takes: 1,000,000 objects of a listing in memory against as many rows,
 * and 100,000 real files on the local disk, which are made below the system's temporary folder. Each in a process of its own:
 * `node --import ./test/support/typescript-hooks.ts bench/reconcile.ts [OBJECTS] [FILES]`.
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { migrate } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { forkMemoryWorker } from '../test/reconcile/support/compiled-worker.js';
import { generatedRows } from '../test/reconcile/support/generated-storage.js';
import { startPostgres } from '../test/support/start-postgres.js';

const objects = Number(process.argv[2] ?? 1_000_000);
const files = Number(process.argv[3] ?? 100_000);

const postgres = await startPostgres({ settings: { max_wal_size: '8GB' } });
const database = new Pool({ connectionString: postgres.connectionString, max: 2 });
const root = await mkdtemp(join(tmpdir(), 'file-registry-bench-'));
const figures: Record<string, Record<string, number>> = {};
try {
  await migrate(database);
  await database.query(generatedRows(objects));
  await database.query('vacuum analyze');
  figures['listing in memory'] = await measure('', 'size');
  figures['the same, --max-semi-space-size=16'] = await measure('', 'size', ['--max-semi-space-size=16']);

  await database.query('set session_replication_role = replica; truncate file_registry.files cascade');
  await makeFiles();
  figures['files on disk, by size'] = await measure(root, 'size');
  figures['files on disk, by checksum'] = await measure(root, 'checksum');
  console.table(figures);
} finally {
  await database.end();
  await postgres.stop();
  await rm(root, { recursive: true, force: true });
}

/** Files of 4 KiB in 16 folders, as the keys of one day spread. */
async function makeFiles(): Promise<void> {
  await database.query(`
    set session_replication_role = replica;
    insert into file_registry.files (id, storage, key, content_type, size, checksum)
    select id, 'media', format('2026/11/21/%s/%s', right(id::text, 1), id), 'image/jpeg', 4096, sha256(rpad('', 4096, 'x')::bytea)
      from (select uuidv7() as id from generate_series(1, ${files})) generated;`);
  await database.query('vacuum analyze');
  const { rows } = await database.query<{ key: string }>('select key from file_registry.files');
  const content = Buffer.alloc(4096, 'x');
  const folders = new Set<string>();
  for (const { key } of rows) {
    const path = join(root, key);
    if (!folders.has(dirname(path))) await mkdir(dirname(path), { recursive: true });
    folders.add(dirname(path));
    await writeFile(path, content);
  }
}

async function measure(
  folder: string,
  verify: string,
  flags: string[] = [],
): Promise<Record<string, number>> {
  const compiled = await mkdtemp(join(tmpdir(), 'file-registry-compiled-'));
  const child = await forkMemoryWorker(
    compiled,
    [postgres.connectionString, folder, String(objects), verify],
    flags,
  );
  const ended = once(child, 'exit');
  const [{ report, seconds, startMiB, peakMiB }] = await once(child, 'message');
  await ended;
  await rm(compiled, { recursive: true });
  const { orphans, dangling, mismatches } = report;
  return {
    objects: report.objects,
    files: report.files,
    orphans: orphans.count,
    dangling: dangling.count,
    mismatches: mismatches.count,
    seconds: Number(seconds.toFixed(1)),
    'objects/s': Math.round(report.objects / seconds),
    startMiB: Math.round(startMiB),
    peakMiB: Math.round(peakMiB),
  };
}

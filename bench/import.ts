/**
 * How many rows a second an import takes over, of files on the local disk:
 * `node --import ./test/support/typescript-hooks.ts bench/import.ts [ROWS]`. First by a query, then again with nothing to do, then
 * by a CSV. The memory is the greatest resident set of the process.
 */
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import {
  csvRows,
  FileImporter,
  FileRegistryModule,
  type ImportRow,
  localStorage,
  migrate,
  queryRows,
} from 'nestjs-file-registry';
import { Pool } from 'pg';
import { startPostgres } from '../test/support/start-postgres.js';
import { TemporaryFolder } from '../test/support/temporary-folder.js';

const rowCount = Number(process.argv[2] ?? 100_000);
const folders = 256;

await using folder = await TemporaryFolder.create('bench');
const media = join(folder.path, 'media');
for (let n = 0; n < folders; n++) await mkdir(join(media, String(n)), { recursive: true });
for (let n = 1; n <= rowCount; n += 500) {
  const batch = Array.from({ length: Math.min(500, rowCount - n + 1) }, (_, index) => n + index);
  await Promise.all(batch.map((id) => writeFile(join(media, pathOf(id)), 'bytes')));
}
const csv = join(folder.path, 'rows.csv');
await writeFile(
  csv,
  `id,path\n${Array.from({ length: rowCount }, (_, n) => `${n + 1},${pathOf(n + 1)}\n`).join('')}`,
);

const postgres = await startPostgres();
const pool = new Pool({ connectionString: postgres.connectionString, max: 4 });
try {
  await migrate(pool);
  await pool.query(
    `create table article as
       select n as id, format('%s/%s.jpg', n % ${folders}, n) as cover from generate_series(1, ${rowCount}) n`,
  );
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: pool,
        storages: { media: localStorage({ root: media }) },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  const importer = module.get(FileImporter);
  const query = (slot: string) =>
    queryRows(
      pool,
      `select cover as key, 'article' as owner_type, id as owner_id, '${slot}' as slot from article`,
    );

  await measure('query, all new', importer, query('cover'));
  await measure('query, again', importer, query('cover'));
  await measure(
    'csv, files known, references new',
    importer,
    csvRows(createReadStream(csv), {
      key: 'path',
      ownerType: { value: 'article' },
      ownerId: 'id',
      slot: { value: 'other' },
    }),
  );
  console.log(`peak resident set ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  await module.close();
} finally {
  await pool.end();
  await postgres.stop();
}

function pathOf(id: number): string {
  return `${id % folders}/${id}.jpg`;
}

async function measure(what: string, importer: FileImporter, rows: AsyncIterable<ImportRow>): Promise<void> {
  const begun = performance.now();
  const { taken, files, references } = await importer.import(rows);
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${what}: ${taken} rows in ${seconds.toFixed(1)} s, ${Math.round(taken / seconds)} rows/s, ${files} files, ${references} references`,
  );
}

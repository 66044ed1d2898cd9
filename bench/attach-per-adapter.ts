/**
 * What `attach` costs in the transactions of each library, against a bare INSERT of the same row into a plain table with the
 * same indexes, sent by the same library: `node --import ./test/support/typescript-hooks.ts bench/attach-per-adapter.ts [ROUNDS]`.
 * The first attach of a transaction counts by itself: some libraries need a question first. Needs the libraries that
 * `npm run test:adapters` installs.
 */
import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import {
  FileRegistry,
  FileRegistryModule,
  localStorage,
  migrate,
  type StoredFile,
} from 'nestjs-file-registry';
import { Pool } from 'pg';
import type { Host, Subject } from '../test/adapters/support/host.js';
import { startPostgres } from '../test/support/start-postgres.js';
import { TemporaryFolder } from '../test/support/temporary-folder.js';

const rounds = 5;
const transactions = Number(process.argv[2] ?? 150);
const libraries = 'node-postgres kysely typeorm prisma drizzle mikro-orm knex sequelize postgres-js'.split(
  ' ',
);

interface Figures {
  insert: number;
  firstAttach: number;
  nextAttach: number;
}

await using folder = await TemporaryFolder.create('bench');
const postgres = await startPostgres();
const pool = new Pool({ connectionString: postgres.connectionString, max: 4 });
try {
  await migrate(pool);
  await pool.query('create table bare_references (like file_registry.file_references including all)');
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: pool,
        storages: { media: localStorage({ root: folder.path }) },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  const files = module.get(FileRegistry);
  const file = await files.store(Buffer.from('bytes'), { filename: 'photo.jpg' });

  const table: Record<string, Record<string, number>> = {};
  for (const library of libraries) {
    for (const subject of await subjectsOf(library)) {
      table[subject.name] = await measure(files, file, subject);
    }
  }
  console.table(table);
  console.log(`microseconds and ratios, medians of ${rounds} rounds of ${transactions} transactions`);
  await module.close();
} finally {
  await pool.end();
  await postgres.stop();
}

/** One of each driver; the others differ in converters only. */
async function subjectsOf(library: string): Promise<Subject<unknown>[]> {
  const { href } = new URL(`../test/adapters/hosts/${library}.ts`, import.meta.url);
  const { subjects } = (await import(href)) as { subjects: Subject<unknown>[] };
  return subjects.slice(0, library === 'drizzle' ? 2 : 1);
}

async function measure(
  files: FileRegistry,
  file: StoredFile,
  subject: Subject<unknown>,
): Promise<Record<string, number>> {
  const host = await subject.open(postgres.connectionString, 1);
  await round(files, file, host);
  const figures: Figures[] = [];
  for (let number = 0; number < rounds; number++) figures.push(await round(files, file, host));
  await host.close();

  const of = (name: keyof Figures) => median(figures.map((figure) => figure[name]));
  return {
    insert: Math.round(of('insert')),
    'first attach': Math.round(of('firstAttach')),
    'next attach': Math.round(of('nextAttach')),
    'first ratio': Number(median(figures.map((each) => each.firstAttach / each.insert)).toFixed(2)),
    'next ratio': Number(median(figures.map((each) => each.nextAttach / each.insert)).toFixed(2)),
  };
}

/** Means of a round, in microseconds. */
async function round(files: FileRegistry, file: StoredFile, host: Host<unknown>): Promise<Figures> {
  const sums: Figures = { insert: 0, firstAttach: 0, nextAttach: 0 };
  const timed = async (name: keyof Figures, work: () => Promise<unknown>) => {
    const startedAt = performance.now();
    await work();
    sums[name] += ((performance.now() - startedAt) * 1000) / transactions;
  };
  for (let number = 0; number < transactions; number++) {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const owner = (index: number) => ({ type: 'article', id: String(ids[index]), slot: 'cover' });
    await host.transaction(async (tx) => {
      // The first statement of a transaction pays for more than itself.
      await host.run(tx, 'select 1');
      await timed('insert', () =>
        host.run(
          tx,
          `insert into bare_references (file_id, owner_type, owner_id, slot) values ('${file.id}', 'article', '${ids[0]}', 'cover')`,
        ),
      );
      const verbs = files.in(host.adapt(tx));
      await timed('firstAttach', () => verbs.attach(file, owner(1)));
      await timed('nextAttach', () => verbs.attach(file, owner(2)));
    });
  }
  return sums;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

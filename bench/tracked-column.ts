/**
 * What a tracked `uuid` column costs, as a ratio to the same table untracked: statements of one row over a connection, and
 * statements of many rows: `node --import ./test/support/typescript-hooks.ts bench/tracked-column.ts [ROWS]`. Medians of five rounds.
 */
import { migrate, trackFileColumn } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { startPostgres } from '../test/support/start-postgres.js';

const rows = Number(process.argv[2] ?? 100_000);
const rounds = 5;
const singles = 200;

type Table = 'untracked' | 'tracked';
const tables: readonly Table[] = ['untracked', 'tracked'];

/** Commits do not wait for the disk, which would hide the work. */
const postgres = await startPostgres({ settings: { synchronous_commit: 'off', max_wal_size: '8GB' } });
const pool = new Pool({ connectionString: postgres.connectionString, max: 2 });
try {
  await migrate(pool);
  await pool.query(`
    create table picked as select n, gen_random_uuid() as id from generate_series(1, ${rows}) n;
    create unique index on picked (n);
    insert into file_registry.files (id, storage, key, content_type, size) select id, 'nowhere', id::text, 'image/jpeg', 1 from picked;
    create table untracked (id bigint primary key, title text, cover uuid);
    create table tracked   (id bigint primary key, title text, cover uuid);`);
  await trackFileColumn(pool, { table: 'tracked', column: 'cover' });
  await pool.query('vacuum analyze');

  const single: Record<string, Record<Table, number[]>> = {};
  const bulk: Record<string, Record<Table, number[]>> = {};
  for (let round = 0; round < rounds; round++) {
    for (const table of tables) {
      await measureSingles(table, single);
      await measureBulk(table, bulk);
    }
  }
  console.log(`One row a statement, median of ${singles} a round, medians of ${rounds} rounds:`);
  print(single, 'µs');
  console.log(
    `${rows} rows a statement (UPDATE of the column: a fifth of them), medians of ${rounds} rounds:`,
  );
  print(bulk, 'µs a row');
} finally {
  await pool.end();
  await postgres.stop();
}

async function measureSingles(table: Table, into: Record<string, Record<Table, number[]>>): Promise<void> {
  const client = await pool.connect();
  const { rows: picked } = await client.query(`select id from picked where n <= ${singles + 1} order by n`);
  const statements: Record<string, [text: string, values: (n: number) => unknown[]]> = {
    INSERT: [`insert into ${table} (id, title, cover) values ($1, 'x', $2)`, (n) => [n, picked[n].id]],
    'UPDATE of another column': [`update ${table} set title = 'y' where id = $1`, (n) => [n]],
    'UPDATE of the column': [`update ${table} set cover = $2 where id = $1`, (n) => [n, picked[n + 1].id]],
    DELETE: [`delete from ${table} where id = $1`, (n) => [n]],
  };
  for (const [name, [text, values]] of Object.entries(statements)) {
    const times: number[] = [];
    for (let n = 0; n < singles; n++) {
      times.push(await timed(() => client.query({ name: `${table} ${name}`, text, values: values(n) })));
    }
    add(into, name, table, median(times) * 1000);
  }
  client.release();
}

async function measureBulk(table: Table, into: Record<string, Record<Table, number[]>>): Promise<void> {
  const share = Math.floor(rows / 5);
  const statements: [name: string, touched: number, text: string][] = [
    ['INSERT', rows, `insert into ${table} select n, 'x', id from picked`],
    ['UPDATE of another column', rows, `update ${table} set title = 'y'`],
    [
      'UPDATE of the column',
      share,
      `update ${table} t set cover = p.id from picked p where p.n = t.id + ${share} and t.id <= ${share}`,
    ],
    ['DELETE', rows, `delete from ${table}`],
  ];
  for (const [name, touched, text] of statements) {
    const ms = await timed(async () => {
      const { rowCount } = await pool.query(text);
      if (rowCount !== touched) throw new Error(`${name} touched ${rowCount} rows instead of ${touched}`);
    });
    add(into, name, table, (ms * 1000) / touched);
  }
  await pool.query(`vacuum analyze ${table}, file_registry.file_references, file_registry.deletion_outbox`);
}

function add(into: Record<string, Record<Table, number[]>>, name: string, table: Table, value: number): void {
  (into[name] ??= { untracked: [], tracked: [] })[table].push(value);
}

function print(figures: Record<string, Record<Table, number[]>>, unit: string): void {
  console.table(
    Object.fromEntries(
      Object.entries(figures).map(([name, { untracked, tracked }]) => [
        name,
        {
          [`untracked, ${unit}`]: Number(median(untracked).toFixed(1)),
          [`tracked, ${unit}`]: Number(median(tracked).toFixed(1)),
          difference: Number((median(tracked) - median(untracked)).toFixed(1)),
          ratio: Number((median(tracked) / median(untracked)).toFixed(2)),
        },
      ]),
    ),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

import type { Client } from 'pg';
import type { Pick, Scenario } from './scenario.js';

const rowsPerStatement = 1_000_000;

/** What the due intents are old by, and more than the grace period of this benchmark. */
const dueAge = `interval '2 hours'`;

/**
 * Fills the tables past their triggers, so that ten million rows take minutes and not hours. `client` is the superuser with
 * `session_replication_role = replica`. Each file has one reference, of the owner { article, its number, cover }.
 */
export async function buildTables(client: Client, { files, notDue = 0 }: Scenario): Promise<void> {
  await client.query(`create table picked (owner_id text collate "C" primary key)`);
  for (let first = 1; first <= files; first += rowsPerStatement) {
    await insertFiles(
      client,
      `generate_series(${first}, ${Math.min(files, first + rowsPerStatement - 1)}) n`,
    );
  }
  if (notDue > 0) {
    await client.query(
      `insert into file_registry.deletion_outbox (file_id, reason)
       select gen_random_uuid(), 'detached' from generate_series(1, ${notDue})`,
    );
  }
  await client.query('vacuum analyze');
}

/** Leaves dead rows where the processor looks for the oldest. They stay dead as long as a snapshot from before is open. */
export async function leaveDeadRows(client: Client, { dead }: Scenario): Promise<void> {
  if (dead === undefined) return;
  const series = `generate_series(1, ${dead.rows}) n`;
  if (dead.table === 'deletion_outbox') {
    await client.query(
      `insert into file_registry.deletion_outbox (file_id, reason, noted_at)
       select gen_random_uuid(), 'detached', clock_timestamp() - interval '3 hours' from ${series}`,
    );
    await client.query(
      `delete from file_registry.deletion_outbox where noted_at < clock_timestamp() - ${dueAge}`,
    );
  } else {
    await client.query(
      `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at)
       select id, 'nowhere', id::text, 'detached', 'condemned', clock_timestamp() - interval '3 hours'
         from (select gen_random_uuid() as id from ${series}) generated`,
    );
    await client.query(`delete from file_registry.deletions where state = 'condemned'`);
  }
  await client.query('analyze file_registry.deletion_outbox, file_registry.deletions');
}

/** Detaches files, two hours ago. Answers how many. */
export async function detachSome(
  client: Client,
  scenario: Scenario,
  pick: Pick,
  count: number,
): Promise<number> {
  await client.query('truncate picked');
  await client.query(`insert into picked select n::text from (${numbersOf(scenario, pick, count)}) as p(n)`);
  await client.query('analyze picked');
  const { rowCount } = await client.query(`
    with gone as (
      delete from file_registry.file_references r
       using picked p
       where r.owner_type = 'article' and r.owner_id = p.owner_id and r.slot = 'cover'
      returning r.file_id, r.owner_id)
    insert into file_registry.deletion_outbox (file_id, reason, noted_at, owner_type, owner_id, slot)
    select file_id, 'detached', clock_timestamp() - ${dueAge}, 'article', owner_id, 'cover' from gone`);
  await client.query('analyze file_registry.deletion_outbox');
  return rowCount ?? 0;
}

function numbersOf({ files }: Scenario, pick: Pick, count: number): string {
  if (pick === 'neighbours') {
    const first = 1 + Math.floor(Math.random() * (files - count + 1));
    return `select generate_series(${first}, ${first + count - 1})`;
  }
  // Random numbers repeat each other: enough of them make `count` different ones, unless nearly all are wanted.
  return files <= 20 * count
    ? `select n from generate_series(1, ${files}) n order by random() limit ${count}`
    : `select distinct 1 + floor(random() * ${files})::bigint from generate_series(1, ${2 * count}) limit ${count}`;
}

/** New files in the place of those that went, so that each round finds as many. */
export async function refill(client: Client): Promise<void> {
  await insertFiles(client, '(select owner_id as n from picked) p');
  await client.query('vacuum analyze file_registry.deletion_outbox, file_registry.deletions');
}

async function insertFiles(client: Client, numbers: string): Promise<void> {
  await client.query(`
    with named as materialized (select n::text, uuidv7() as id from ${numbers}), made as (
      insert into file_registry.files (id, storage, key, filename, content_type, size)
      select id, 'nowhere', format('2026/11/21/%s/%s-photo.jpg', right(id::text, 1), id), 'photo.jpg', 'image/jpeg', 4096
        from named)
    insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
    select id, 'article', n, 'cover' from named`);
}

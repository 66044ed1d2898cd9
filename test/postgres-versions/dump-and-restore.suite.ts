import { join } from 'node:path';
import { migrate } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { databaseUrl } from '../support/database-url.js';
import { rowsOf, runScript, runTool } from './support/dump.js';
import {
  createEmptyDatabase,
  createOrdinaryDatabase,
  type OrdinaryDatabase,
  schema,
  tables,
} from './support/ordinary-database.js';
import { OrdinaryRegistry } from './support/ordinary-registry.js';
import { use } from './support/used-registry.js';

const { database, owner, application, admin } = await createOrdinaryDatabase();
const registry = await OrdinaryRegistry.boot({ pool: database.pool({ role: application }), admin });
const used = await use(registry);
const original = await rowsOf(admin);
const folder = await createTemporaryFolder('dump');
const dumpFile = (name: string) => join(folder.path, name);
const dump = (name: string, ...args: string[]) =>
  runTool('pg_dump', [...args, `--file=${dumpFile(name)}`, database.connectionString]);

const targets = {
  plain: await createEmptyDatabase(),
  custom: await createEmptyDatabase(),
  disabled: await createEmptyDatabase(),
  replica: await createEmptyDatabase(),
  careless: await createEmptyDatabase(),
  busy: await createEmptyDatabase(),
};

const attacks = [
  `delete from ${tables}.files where id in (select file_id from ${tables}.file_references)`,
  `delete from ${tables}.deletion_outbox`,
  `delete from ${tables}.deletions`,
  `update ${tables}.deletions set state = 'reserved'`,
  `update ${tables}.file_references set slot = 'x'`,
  `truncate ${tables}.file_references`,
  `insert into ${tables}.files (id, storage, key, content_type, size)
   select file_id, 'media', 'x', 'text/plain', 0 from ${tables}.deletions where state = 'condemned'`,
];

const alive = {
  detached: [{ answer: { detached: 1 } }],
  newestIntent: [{ file_id: used.attached.id, reason: 'detached', owner_id: "O'Hara\t\\N" }],
  errors: [expect.stringMatching(/^(23001|23503)$/) as string, ...attacks.slice(1).map(() => '23001')],
  migrated: { applied: [] },
  // As a copy it deletes nothing that the original still has; told that the bytes are its own, it does.
  claimed: [0, true],
};

test('a dump restored by psql has every row, its laws and its triggers', async () => {
  await dump('plain.sql');
  await runScript(targets.plain.database.connectionString, dumpFile('plain.sql'));

  expect(await rowsOf(targets.plain.admin)).toEqual(original);
  expect(await signsOfLife(targets.plain)).toEqual(alive);
});

test('a dump restored by pg_restore as an ordinary role has every row, its laws and its triggers', async () => {
  const { custom } = targets;
  await runTool('pg_dump', [
    '--format=custom',
    '--no-owner',
    '--no-privileges',
    `--schema=${tables}`,
    `--file=${dumpFile('custom')}`,
    databaseUrl(database.connectionString, database.name, owner),
  ]);
  await runTool('pg_restore', [
    '--exit-on-error',
    '--single-transaction',
    '--no-owner',
    `--dbname=${databaseUrl(custom.database.connectionString, custom.database.name, custom.owner)}`,
    dumpFile('custom'),
  ]);

  expect(await rowsOf(custom.admin)).toEqual(original);
  expect(await signsOfLife(custom)).toEqual(alive);
});

test('a dump of the data only needs its triggers disabled or a session that replicates', async () => {
  await dump('schema.sql', '--schema-only');
  await dump('data.sql', '--data-only');
  await dump('disabled.sql', '--data-only', '--disable-triggers');
  const { disabled, replica, careless } = targets;
  for (const target of [disabled, replica, careless]) {
    await runScript(target.database.connectionString, dumpFile('schema.sql'));
  }

  await runScript(disabled.database.connectionString, dumpFile('disabled.sql'));
  expect(await rowsOf(disabled.admin)).toEqual(original);
  expect(await signsOfLife(disabled)).toEqual(alive);

  await runScript(replica.database.connectionString, dumpFile('data.sql'), {
    PGOPTIONS: '-c session_replication_role=replica',
  });
  expect(await rowsOf(replica.admin)).toEqual(original);
  expect(await signsOfLife(replica)).toEqual(alive);

  // With the triggers at work nothing comes in, rather than something else than what went out.
  await expect(runScript(careless.database.connectionString, dumpFile('data.sql'))).rejects.toThrow(
    /violates unique constraint|is refused|cannot be/,
  );
  expect((await rowsOf(careless.admin))['files']).toEqual([]);
});

test('a dump taken while files are attached and detached is lawful all the same', async () => {
  let dumping = true;
  const work = async (n: number) => {
    const holder = { type: 'busy', id: String(n), slot: 'gallery' };
    const files = [used.attached, used.waiting];
    while (dumping) {
      await registry.attach(files, holder);
      await registry.detach(files, holder);
    }
  };
  const workers = [1, 2].map(work);
  await dump('busy.sql').finally(() => (dumping = false));
  await Promise.all(workers);

  await runScript(targets.busy.database.connectionString, dumpFile('busy.sql'));
  expect(await signsOfLife(targets.busy)).toEqual(alive);
});

/** What a restored registry answers to a detach, to each attack, to migrate() and to a processor. Asserts the laws on the way. */
async function signsOfLife({ admin: superuser, database: { name } }: OrdinaryDatabase): Promise<unknown> {
  const laws = () => assertLaws({ admin: superuser, schema, storages: { media: registry.media.path } });
  await laws();

  const { rows: detached } = await superuser.query(
    `select ${tables}.detach(array[$1::uuid], owner_type, owner_id, slot) as answer
       from ${tables}.file_references where file_id = $1 and owner_type = 'article'`,
    [used.attached.id],
  );
  const { rows: newestIntent } = await superuser.query(
    `select file_id, reason, owner_id from ${tables}.deletion_outbox order by seq desc limit 1`,
  );
  await laws();

  const errors: string[] = [];
  for (const attack of attacks) {
    const outcome = await superuser.query(attack).then(
      () => `accepted in ${name}: ${attack}`,
      (error: { code: string }) => error.code,
    );
    errors.push(outcome);
  }
  await laws();

  const claim = `select ${tables}.claim_deletions('media', 10, gen_random_uuid(), 0) as claimed`;
  await superuser.query(`select ${tables}.retry_stuck(null)`);
  const { rows: asCopy } = await superuser.query(claim);
  await superuser.query(`select ${tables}.take_ownership(null)`);
  const { rows: asOwner } = await superuser.query(claim);
  return {
    detached,
    newestIntent,
    errors,
    migrated: await migrate(superuser, { schema }),
    claimed: [asCopy[0].claimed.length, asOwner[0].claimed.length > 0],
  };
}

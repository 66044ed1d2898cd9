import { trackedColumns, trackFileColumn, trackFileColumnSql, untrackFileColumn } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createOrdinaryDatabase, schema, tables } from './support/ordinary-database.js';
import {
  createTrackedTables,
  expectTracked,
  fillTables,
  storeFiles,
  writeEverything,
} from './support/tracked-tables.js';

const { database, owner, application, admin } = await createOrdinaryDatabase();
const asOwner = database.pool({ role: owner, max: 2 });
const asApplication = database.pool({ role: application, max: 2 });
const files = await storeFiles(admin);
await createTrackedTables(asOwner, application.name);
const page = { table: 'Shop.page', column: 'cover', registrySchema: schema };

const states = async () =>
  (await trackedColumns(asOwner, { registrySchema: schema })).map(({ state }) => state);

test('whatever writes the rows, each holds what it names', async () => {
  const { rows } = await admin.query(`select current_setting('server_version_num')::integer as version`);
  expect(await writeEverything(asApplication, admin, files)).toBe(rows[0].version >= 150000 ? 19 : 18);
  await assertLaws({ admin, schema, storages: {} });
});

test('what names no file is refused, with table, column and value', async () => {
  const refused = asApplication.query(`insert into "Shop".page values ('news', 7, $1)`, [
    crypto.randomUUID(),
  ]);
  await expect(refused).rejects.toMatchObject({
    code: '23503',
    schema: 'Shop',
    table: 'page',
    column: 'cover',
    message: expect.stringMatching(/^page\.cover of row \["news", ?"7\.00"\] names .*, which is no file$/),
  });
});

test('rows are taken in, again too, and released', async () => {
  await fillTables(asApplication, files);
  const restore = await database.client();
  await restore.query('set session_replication_role = replica');
  await restore.query(`insert into "Shop".page select 'story', i, $1 from generate_series(1, 5) i`, [
    files[0],
  ]);
  await restore.query(`delete from "Shop".page where kind = 'news'`);
  await trackFileColumn(asOwner, { ...page, existing: 'again', batchSize: 2 });
  await expectTracked(admin);

  expect(await untrackFileColumn(asOwner, { ...page, references: 'release' })).toEqual({ released: 5 });
  await asOwner.query(trackFileColumnSql(page));
  await expectTracked(admin);
  expect(await states()).toEqual(['tracking', 'tracking', 'tracking', 'tracking', 'tracking']);
});

test('partitions that come, and triggers that were switched off', async () => {
  await asOwner.query(`
    create table "Shop".event_2027 partition of "Shop".event for values from ('2027-01-01') to ('2028-01-01');
    grant all on "Shop".event_2027 to ${application.name}`);
  const { rows } = await asApplication.query(`select ${tables}.track_new_partitions() as answer`);
  expect(rows).toEqual([{ answer: { added: 1, leftOut: 0, broken: [] } }]);
  await asApplication.query(`insert into "Shop".event values (9, '2027-07-07', $1)`, [files[0]]);
  await expectTracked(admin);
  await asApplication.query('truncate "Shop".event_2027');
  await expectTracked(admin);

  await asOwner.query('alter table "Shop".event_2027 disable trigger user');
  expect(await states()).toContain('disabled');
  await trackFileColumn(asOwner, { table: 'Shop.event', column: 'cover', registrySchema: schema });
  expect(await states()).not.toContain('disabled');
});

test('an old snapshot is refused what it cannot see', async () => {
  const old = await database.client({ role: application });
  await old.query('begin isolation level repeatable read');
  await old.query('select from "Shop".page');
  await trackFileColumn(asOwner, { ...page, existing: 'again' });
  await expect(old.query('delete from "Shop".page')).rejects.toMatchObject({ code: '40001' });
  await old.query('rollback');
});

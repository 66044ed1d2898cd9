import { Test, type TestingModule } from '@nestjs/testing';
import {
  DatabaseFailedError,
  FileRegistry,
  FileRegistryModule,
  localStorage,
  migrate,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { afterAll, expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { passTime } from '../support/pass-time.js';
import { createEmptyDatabase } from './support/create-empty-database.js';

// Three roles without any attribute: one owns the database and migrates, one may call the functions, one may do nothing.
const database = await createEmptyDatabase();
const admin = database.pool();
const [owner, application, stranger] = [await database.role(), await database.role(), await database.role()];
await admin.query(`alter database ${database.name} owner to ${owner.name}`);
const ownerPool = database.pool({ role: owner });
const applied = await migrate(ownerPool);
await ownerPool.query(`
  grant usage on schema file_registry to ${application.name};
  grant execute on all functions in schema file_registry to ${application.name};`);

const media = await createTemporaryFolder('media');
const db = database.kysely({ role: application });
const module = await open(db);
const files = module.get(FileRegistry);
const processor = module.get(OutboxProcessor);

async function open(handle: typeof db, migrateOption: 'check' | 'off' = 'check'): Promise<TestingModule> {
  const opened = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: handle,
        storages: { media: localStorage({ root: media.path }) },
        migrate: migrateOption,
        processor: { enabled: false },
      }),
    ],
  }).compile();
  await opened.init();
  afterAll(() => opened.close());
  return opened;
}

test('the migration needs neither a superuser nor an extension', async () => {
  expect(applied.applied.length).toBeGreaterThan(0);
  const { rows } = await admin.query(
    `select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = 'file_registry'`,
  );
  expect(rows).toEqual([{ owner: owner.name }]);
  expect((await admin.query(`select extname from pg_extension where extname <> 'plpgsql'`)).rows).toEqual([]);
});

test('the whole life of a file needs USAGE and EXECUTE only', async () => {
  const cover = { type: 'article', id: 1, slot: 'cover' };
  const [photo, other] = [await files.store(Buffer.from('one')), await files.store(Buffer.from('two'))];
  await expect(files.store(Buffer.from('three'), { maxSizeBytes: 1 })).rejects.toMatchObject({
    code: 'CONTENT_TOO_LARGE',
  });

  await db.transaction().execute(async (trx) => {
    const verbs = files.in(trx);
    expect(await verbs.attach(photo, cover)).toEqual({ attached: 1 });
    expect(await verbs.attachMany([{ file: photo, owner: { ...cover, id: 2 } }])).toEqual({ attached: 1 });
    expect(await verbs.replace(cover, other)).toEqual({ attached: 1, detached: 1 });
  });
  expect(await files.find([photo, other])).toEqual([photo, other]);
  expect(await files.filesOf(cover)).toMatchObject([{ id: other.id }]);
  expect(await files.references(photo)).toMatchObject([{ type: 'article', id: '2' }]);
  expect(await files.count([photo, other])).toEqual([1, 1]);
  expect(await (await files.read(photo)).toArray()).toEqual([Buffer.from('one')]);

  await db.transaction().execute(async (trx) => {
    expect(await files.in(trx).detach(photo, { ...cover, id: 2 })).toEqual({ detached: 1 });
    expect(await files.in(trx).detachAll({ type: 'article', id: 1 })).toEqual({ detached: 1 });
  });
  await processor.drain();
  expect(await processor.stats()).toMatchObject({ pending: 5, due: 0 });
  await passTime(admin, '25 hours');
  expect(await processor.drain()).toMatchObject({ condemned: 2, deleted: expect.any(Number) });
  await processor.tick();
  expect(await processor.retryStuck()).toBe(0);
  expect(await media.files()).toEqual([]);

  await passTime(admin, '31 days');
  expect((await processor.drain()).prunedReceipts).toBeGreaterThanOrEqual(2);
  expect(await processor.stats()).toMatchObject({ pending: 0, condemned: 0, receipts: 0 });
  await assertLaws({ admin, storages: { media: media.path } });
});

const tables = [
  'files',
  'file_references',
  'deletion_outbox',
  'deletions',
  'adopted_keys',
  'settings',
  'tracked_columns',
  'rendition_leases',
  'reference_counts',
  'migrations',
  'migrations_lock',
];

test('every table of the schema is tried', async () => {
  const { rows } = await admin.query(
    `select relname from pg_class where relnamespace = 'file_registry'::regnamespace and relkind in ('r', 'v') order by 1`,
  );
  expect(rows.map(({ relname }) => relname)).toEqual(tables.toSorted());
});

test.for(tables)('the same role can neither read nor write %s', async (table) => {
  const client = await database.client({ role: application });
  const { rows } = await admin.query(
    `select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 limit 1`,
    [`file_registry.${table}`],
  );
  const column = rows[0].attname;
  const writes = [
    `insert into file_registry.${table} default values`,
    `update file_registry.${table} set ${column} = null`,
    `delete from file_registry.${table}`,
    `truncate file_registry.${table}`,
  ];
  // Nobody writes a view of groups, so that only reading it is a question of privilege.
  const statements = table === 'reference_counts' ? [] : writes;
  for (const statement of [`select from file_registry.${table}`, ...statements]) {
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  }
});

test('the same role cannot make anything in the schema', async () => {
  const client = await database.client({ role: application });
  await expect(client.query('create table file_registry.mine (id integer)')).rejects.toMatchObject({
    code: '42501',
  });
  await expect(
    client.query(
      'create trigger mine before insert on file_registry.files execute function file_registry.refuse()',
    ),
  ).rejects.toMatchObject({ code: '42501' });
});

test('a role that was granted nothing is told what to grant', async () => {
  await expect(open(database.kysely({ role: stranger }))).rejects.toThrow(/USAGE .* EXECUTE/);

  const strange = (await open(database.kysely({ role: stranger }), 'off')).get(FileRegistry);
  const refusal = await strange
    .count('01900000-0000-7000-8000-000000000001')
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(DatabaseFailedError);
  expect(refusal).toMatchObject({ message: expect.stringMatching(/Grant the role USAGE .* EXECUTE/) });
});

test('USAGE without EXECUTE is not enough, and is told so, too', async () => {
  const half = await database.role();
  await ownerPool.query(`grant usage on schema file_registry to ${half.name}`);
  const strange = (await open(database.kysely({ role: half }), 'off')).get(FileRegistry);

  await expect(strange.count('01900000-0000-7000-8000-000000000001')).rejects.toMatchObject({
    message: expect.stringMatching(/count_references.*Grant the role USAGE .* EXECUTE/),
    cause: { code: '42501' },
  });
});

test('a role that may not create the schema is told so, and nothing is made', async () => {
  await expect(migrate(database.pool({ role: stranger }), { schema: 'theirs' })).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    cause: { code: '42501' },
  });
  expect((await admin.query(`select to_regnamespace('theirs') as found`)).rows).toEqual([{ found: null }]);
});

import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase, refused } from './support/attacked-database.js';

// Law 2: no reference disappears without an intent, no file begins without one.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const deletes = {
  'a plain delete': (type: string) =>
    `delete from file_registry.file_references where owner_type = '${type}'`,
  'a delete with a join': (type: string) =>
    `delete from file_registry.file_references r using file_registry.files f
      where f.id = r.file_id and r.owner_type = '${type}'`,
  'a delete in a CTE': (type: string) =>
    `with gone as (delete from file_registry.file_references where owner_type = '${type}' returning 1)
     select count(*) from gone`,
  'a merge': (type: string) =>
    `merge into file_registry.file_references r using (values ('${type}')) as t (type) on r.owner_type = t.type
      when matched then delete`,
  'a delete in a block with an exception handler': (type: string) =>
    `do $$ begin
       delete from file_registry.file_references where owner_type = '${type}';
     exception when others then raise; end $$`,
};

test.for(Object.entries(deletes))('%s of references notes one intent for each', async ([, statement]) => {
  const files = [await laws.file(), await laws.file()];
  const type = `type ${randomUUID()}`;
  for (const file of files) {
    await laws.reference(file, '1', type);
    await laws.reference(file, '2', type);
  }

  await laws.sql(statement(type));

  for (const file of files) {
    expect(await laws.reasons(file)).toEqual(['stored', 'detached', 'detached']);
  }
  const rows = await laws.sql(
    `select owner_type, owner_id, slot from file_registry.deletion_outbox
      where file_id = $1 and reason = 'detached' order by owner_id`,
    [files[0]],
  );
  expect(rows).toEqual([
    { owner_type: type, owner_id: '1', slot: 'cover' },
    { owner_type: type, owner_id: '2', slot: 'cover' },
  ]);
});

test('a cascade of the application that reaches the references notes intents', async () => {
  const file = await laws.file();
  await laws.reference(file, 'cascaded');
  await laws.sql('create table article (id text primary key)');
  await laws.sql(`create function forget() returns trigger language plpgsql as $$ begin
    delete from file_registry.file_references where owner_type = 'article' and owner_id = old.id; return null; end $$`);
  await laws.sql('create trigger forget after delete on article for each row execute function forget()');
  await laws.sql(`insert into article values ('cascaded')`);

  await laws.sql('delete from article');

  expect(await laws.reasons(file)).toEqual(['stored', 'detached']);
});

test('every file begins with an intent, however many a statement inserts', async () => {
  const rows = await laws.sql(
    `insert into file_registry.files (id, storage, key, content_type, size)
     select id, 'media', 'bulk/' || id, 'text/plain', 0 from (select gen_random_uuid() as id from generate_series(1, 50)) n
     returning id`,
  );
  for (const { id } of rows) {
    expect(await laws.reasons(id)).toEqual(['stored']);
  }
});

test('a savepoint that is rolled back takes the detach and its intent back together', async () => {
  const file = await laws.file();
  await laws.reference(file);
  const session = await laws.session();

  await session.query('begin');
  await session.query('savepoint s');
  await session.query('delete from file_registry.file_references where file_id = $1', [file]);
  await session.query('rollback to savepoint s');
  await session.query('commit');

  expect(await laws.reasons(file)).toEqual(['stored']);
  expect(await laws.sql('select from file_registry.file_references where file_id = $1', [file])).toHaveLength(
    1,
  );
});

const changes = [
  `update file_registry.file_references set slot = 'other'`,
  `update file_registry.file_references set file_id = gen_random_uuid() where false`,
  `insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
   select file_id, owner_type, owner_id, slot from file_registry.file_references
       on conflict on constraint file_references_pkey do update set slot = 'other'`,
  `update file_registry.deletion_outbox set noted_at = 'infinity'`,
  `update file_registry.deletion_outbox set reason = 'never'`,
  `update file_registry.adopted_keys set key = 'other'`,
  `delete from file_registry.settings`,
  'truncate file_registry.files',
  'truncate file_registry.files cascade',
  'truncate file_registry.file_references',
  'truncate file_registry.deletion_outbox',
  'truncate file_registry.deletions',
  'truncate file_registry.adopted_keys',
  'truncate file_registry.settings',
  'truncate file_registry.file_references, file_registry.deletion_outbox',
];

test.for(changes)('refused: %s', async (statement) => {
  const file = await laws.file();
  await laws.reference(file, randomUUID());
  await laws.file({ key: `adopted ${randomUUID()}` });

  // A truncation of files alone meets the foreign key first.
  await expect(laws.sql(statement)).rejects.toMatchObject({
    code: statement === 'truncate file_registry.files' ? '0A000' : refused.code,
  });
  expect(await laws.exists(file)).toBe(true);
});

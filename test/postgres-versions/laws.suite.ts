import { beforeEach, expect, test } from 'vitest';
import { createOrdinaryDatabase, tables } from './support/ordinary-database.js';
import { OrdinaryRegistry } from './support/ordinary-registry.js';

const { database, owner, application, admin } = await createOrdinaryDatabase();
const registry = await OrdinaryRegistry.boot({ pool: database.pool({ role: application }), admin });
const { processor } = registry;

// The laws bind the owner of the tables and the superuser alike.
const law = await database.client({ role: owner });

const article = { type: 'article', id: '1', slot: 'cover' };
const refused = ['23001', '23001']; // restrict_violation
const noSuchFile = ['23503', '23503']; // foreign_key_violation
const stillReferenced = expect.stringMatching(/^(23001|23503)$/) as string; // the former since version 18

beforeEach(() => registry.empty());

/** The SQL states with which a statement fails for both, after which the laws hold. */
async function errorsOf(text: string, values: unknown[] = []): Promise<string[]> {
  const errors: string[] = [];
  for (const role of [law, admin]) {
    const outcome = await role.query(text, values).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    errors.push(outcome);
  }
  await registry.assertLaws();
  return errors;
}

test('law 1: a file with a reference cannot go, a reference to nothing cannot come', async () => {
  const file = await registry.store();
  await registry.attach(file, article);
  expect(await errorsOf(`delete from ${tables}.files where id = $1`, [file.id])).toEqual([
    stillReferenced,
    stillReferenced,
  ]);

  await registry.detach(file, article);
  await registry.passTime('25 hours');
  await processor.drain();
  expect(
    await errorsOf(
      `insert into ${tables}.file_references (file_id, owner_type, owner_id, slot) values ($1, 'article', '1', 'cover')`,
      [file.id],
    ),
  ).toEqual(noSuchFile);
});

test('law 1: an attach under way keeps its file from the processor', async () => {
  const file = await registry.store();
  await registry.passTime('25 hours');
  const client = await database.client({ role: application });
  await client.query('begin');
  await registry.files.in(client).attach(file, article);

  expect(await processor.drain()).toMatchObject({ condemned: 0, left: 1 });
  await client.query('commit');
  expect(await processor.drain()).toMatchObject({ condemned: 0, dropped: 1 });
  expect(await registry.hasBytes(file)).toBe(true);
  await registry.assertLaws();
});

test('law 1: renditions hold each other in no circle', async () => {
  const [a, b] = [await registry.store('a'), await registry.store('b')];
  const hold = `insert into ${tables}.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=w')`;
  await law.query(hold, [b.id, a.id]);

  expect(await errorsOf(hold, [a.id, b.id])).toEqual(refused);
  expect(await errorsOf(hold, [a.id, a.id])).toEqual(refused);
});

test('law 2: references that go by raw SQL are noted, with their owner', async () => {
  const file = await registry.store();
  await registry.attach(file, article);
  await registry.attach(file, { ...article, id: '2' });
  await law.query(`delete from ${tables}.file_references where owner_type = 'article'`);

  const intents = await registry.rows('deletion_outbox', file);
  expect(intents.map(({ reason, owner_id }) => [reason, owner_id])).toEqual([
    ['stored', null],
    ['detached', '1'],
    ['detached', '2'],
  ]);
  expect(await errorsOf(`delete from ${tables}.deletion_outbox`)).toEqual(refused);
  expect(
    await errorsOf(`update ${tables}.deletion_outbox set noted_at = now() + interval '10 years'`),
  ).toEqual(refused);
});

test('law 2: a reference is never changed, and nothing is truncated', async () => {
  const [file, other] = [await registry.store(), await registry.store()];
  await registry.attach(file, article);

  expect(await errorsOf(`update ${tables}.file_references set file_id = $1`, [other.id])).toEqual(refused);
  for (const table of ['file_references', 'deletion_outbox', 'deletions', 'adopted_keys', 'settings']) {
    expect(await errorsOf(`truncate ${tables}.${table}`)).toEqual(refused);
  }
  expect(await errorsOf(`truncate ${tables}.files cascade`)).toEqual(refused);
});

test('law 3: a file row that goes by raw SQL leaves its bytes due', async () => {
  const file = await registry.store();
  await law.query(`delete from ${tables}.files where id = $1`, [file.id]);

  expect(await registry.rows('deletions', file)).toMatchObject([{ state: 'condemned', key: file.key }]);
  expect(await registry.rows('deletion_outbox', file)).toEqual([]);
  expect(await errorsOf(`delete from ${tables}.deletions`)).toEqual(refused);
  expect(await processor.drain()).toMatchObject({ deleted: 1 });
  await registry.assertLaws();
});

test('law 3: the bytes of a file cannot be ordered to go', async () => {
  const file = await registry.store();
  await registry.attach(file, article);
  const order = `insert into ${tables}.deletions (file_id, storage, key, reason, state)`;

  expect(
    await errorsOf(`${order} values ($1, 'media', $2, 'direct', 'condemned')`, [file.id, file.key]),
  ).toEqual(refused);
  expect(
    await errorsOf(`${order} values ($1, 'media', $2, 'upload', 'abandoned')`, [file.id, file.key]),
  ).toEqual(refused);
  expect(
    await errorsOf(
      `${order} select gen_random_uuid(), storage, key, 'direct', 'condemned' from ${tables}.files`,
    ),
  ).toEqual(refused);
  expect(await errorsOf(`update ${tables}.files set key = key || 'x'`)).toEqual(refused);
  expect(await processor.drain()).toMatchObject({ deleted: 0 });
  expect(await registry.hasBytes(file)).toBe(true);
});

test('law 4: a deletion passes through its states in one direction', async () => {
  const id = '0190aaaa-0000-7000-8000-000000000002';
  const become = (state: string) =>
    `update ${tables}.deletions
        set state = '${state}',
            next_attempt_at = case when '${state}' <> 'deleted' then now() end,
            deleted_at      = case when '${state}' =  'deleted' then now() end
      where file_id = '${id}'`;
  await law.query(`select ${tables}.reserve($1, 'media', $2, null, 3600000)`, [id, `2026/${id}.bin`]);

  expect(await errorsOf(become('deleted'))).toEqual(refused);
  expect(await errorsOf(become('condemned'))).toEqual(refused);
  await registry.passTime('2 hours');
  await processor.drain();
  expect(await errorsOf(become('reserved'))).toEqual(refused);
  expect(await errorsOf(become('condemned'))).toEqual(refused);

  const { rows } = await law.query(
    `select ${tables}.finish_upload($1, null, 'text/plain', 0, null, '{}')::text as file`,
    [id],
  );
  expect(rows).toEqual([{ file: null }]);
});

test('above READ COMMITTED no file begins and no intent is dropped', async () => {
  const file = await registry.store();
  await registry.attach(file, article);

  for (const level of ['repeatable read', 'serializable']) {
    await law.query(`begin isolation level ${level}`);
    await expect(law.query(`delete from ${tables}.deletion_outbox`)).rejects.toMatchObject({ code: '0A000' });
    await law.query('rollback');

    await law.query(`begin isolation level ${level}`);
    await expect(
      law.query(
        `insert into ${tables}.files (id, storage, key, content_type, size)
         values ('0190aaaa-0000-7000-8000-000000000003', 'media', 'adopted.txt', 'text/plain', 0)`,
      ),
    ).rejects.toMatchObject({ code: '0A000' });
    await law.query('rollback');
  }
  await registry.assertLaws();
});

test('the triggers serve no table but their own', async () => {
  const client = await database.client({ role: application });
  await client.query(`create temp table file_references (like pg_description)`);
  await client.query(
    `create trigger note after delete on file_references referencing old table as gone
       for each statement execute function ${tables}.note_detached()`,
  );

  await expect(client.query('delete from file_references')).rejects.toMatchObject({ code: '42501' });
});

test("the application's role has the functions and no table", async () => {
  const client = await database.client({ role: application });
  for (const table of [
    'files',
    'file_references',
    'deletion_outbox',
    'deletions',
    'adopted_keys',
    'settings',
  ]) {
    for (const statement of ['select from', 'delete from', 'truncate']) {
      await expect(client.query(`${statement} ${tables}.${table}`)).rejects.toMatchObject({ code: '42501' });
    }
  }
});

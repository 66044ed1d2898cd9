import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase, failureOf, refused, staleSnapshot } from './support/attacked-database.js';

// Law 2 for the outbox itself: the last intent of a file that nobody references cannot be dropped.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const dropIntents = (file: string, reason = '%', on?: Client) =>
  laws.sql(
    'delete from file_registry.deletion_outbox where file_id = $1 and reason like $2',
    [file, reason],
    on,
  );

const detachAll = (file: string) =>
  laws.sql('delete from file_registry.file_references where file_id = $1', [file]);

/** A file without a reference and with two intents: 'stored' and 'detached'. */
async function fileWithTwoIntents(): Promise<string> {
  const file = await laws.file();
  await laws.reference(file);
  await detachAll(file);
  return file;
}

test('the only intent of a file without a reference stays', async () => {
  const file = await laws.file();
  await expect(dropIntents(file)).rejects.toMatchObject(refused);
});

test('all intents of a file without a reference cannot go together, one of them may', async () => {
  const file = await fileWithTwoIntents();

  await expect(dropIntents(file)).rejects.toMatchObject(refused);
  await dropIntents(file, 'stored');
  await expect(dropIntents(file, 'detached')).rejects.toMatchObject(refused);
  expect(await laws.reasons(file)).toEqual(['detached']);
});

test('one file without a reference among many refuses the whole statement', async () => {
  const held = await laws.file();
  await laws.reference(held);
  const free = await laws.file();

  await expect(
    laws.sql('delete from file_registry.deletion_outbox where file_id = any($1)', [[held, free]]),
  ).rejects.toMatchObject(refused);
  expect(await laws.reasons(held)).toEqual(['stored']);
});

test('the intents of a file with a reference may go, its last detach notes another', async () => {
  const file = await laws.file();
  await laws.reference(file);

  await dropIntents(file);
  expect(await laws.reasons(file)).toEqual([]);
  await detachAll(file);
  expect(await laws.reasons(file)).toEqual(['detached']);
});

test('the intents of a file that is no file any more may go', async () => {
  const gone = randomUUID();
  await laws.sql(`insert into file_registry.deletion_outbox (file_id, reason) values ($1, 'detached')`, [
    gone,
  ]);

  await dropIntents(gone);
  expect(await laws.reasons(gone)).toEqual([]);
});

test('a reference that is not committed protects no intent', async () => {
  const file = await laws.file();
  const attaching = await laws.session();
  await attaching.query('begin');
  await laws.reference(file, '1', 'article', 'cover', attaching);

  await expect(dropIntents(file)).rejects.toMatchObject(refused);
  await attaching.query('rollback');
});

test('two sessions that each drop one of two intents cannot both rely on the other', async () => {
  const file = await fileWithTwoIntents();
  const [one, other] = [await laws.session(), await laws.session()];

  await one.query('begin');
  await dropIntents(file, 'stored', one);
  // The intent that `one` relies on is locked by it.
  const dropped = dropIntents(file, 'detached', other);
  const outcome = failureOf(dropped);
  await laws.untilBlocked(other);
  await one.query('commit');

  expect(await outcome).toMatchObject(refused);
  expect(await laws.reasons(file)).toEqual(['detached']);
});

test('two sessions that drop two intents in the same statement each leave at least one', async () => {
  for (let round = 0; round < 20; round++) {
    const file = await fileWithTwoIntents();
    const [one, other] = [laws.sql(dropOne(file, 'stored')), laws.sql(dropOne(file, 'detached'))];

    await Promise.allSettled([one, other]);
    expect(await laws.reasons(file)).not.toEqual([]);
  }
});

const dropOne = (file: string, reason: string) =>
  `delete from file_registry.deletion_outbox where file_id = '${file}' and reason = '${reason}'`;

test.for(['repeatable read', 'serializable'])(
  'a reference that only an old snapshot shows protects no intent (%s)',
  async (isolation) => {
    const file = await laws.file();
    await laws.reference(file);
    const stale = await laws.session();
    await stale.query(`begin isolation level ${isolation}`);
    await stale.query('select from file_registry.file_references');

    // Since then the reference went, and the intent it noted was dropped because 'stored' was still there.
    await detachAll(file);
    await dropIntents(file, 'detached');

    await expect(dropIntents(file, 'stored', stale)).rejects.toMatchObject(staleSnapshot);
    await stale.query('rollback');
    expect(await laws.reasons(file)).toEqual(['stored']);
  },
);

test.for(['repeatable read', 'serializable'])(
  'a file that an old snapshot does not show keeps its intents (%s)',
  async (isolation) => {
    const id = randomUUID();
    await laws.sql(`insert into file_registry.deletion_outbox (file_id, reason) values ($1, 'detached')`, [
      id,
    ]);
    const stale = await laws.session();
    await stale.query(`begin isolation level ${isolation}`);
    await stale.query('select from file_registry.files');

    await laws.file({ id });
    await dropIntents(id, 'stored');

    await expect(dropIntents(id, 'detached', stale)).rejects.toMatchObject(staleSnapshot);
    await stale.query('rollback');
    expect(await laws.reasons(id)).toEqual(['detached']);
  },
);

test.for(['repeatable read', 'serializable'])(
  'two old snapshots cannot drop two intents (%s)',
  async (isolation) => {
    const file = await fileWithTwoIntents();
    const sessions = [await laws.session(), await laws.session()];
    for (const session of sessions) {
      await session.query(`begin isolation level ${isolation}`);
      await session.query('select from file_registry.deletion_outbox');
    }

    await Promise.allSettled([
      dropIntents(file, 'stored', sessions[0]),
      dropIntents(file, 'detached', sessions[1]),
    ]);
    for (const session of sessions) await session.query('commit');

    expect(await laws.reasons(file)).not.toEqual([]);
  },
);

test('a file that is deleted above READ COMMITTED takes its intents with it', async () => {
  const file = await fileWithTwoIntents();
  const session = await laws.session();
  await session.query('begin isolation level repeatable read');
  await laws.sql('delete from file_registry.files where id = $1', [file], session);
  await session.query('commit');

  expect(await laws.reasons(file)).toEqual([]);
  expect(await laws.deletion(file)).toMatchObject({ state: 'condemned', reason: 'detached' });
});

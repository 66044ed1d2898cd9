import type { Client } from 'pg';
import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase, failureOf, refused, staleSnapshot } from './support/attacked-database.js';

// Law 1 for renditions: originals that held each other would never become unreferenced.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

/** Files of which each is a rendition of the one before. */
async function chain(length: number): Promise<string[]> {
  const files: string[] = [];
  for (let index = 0; index < length; index++) {
    const file = await laws.file();
    if (index > 0) await laws.rendition(file, files[index - 1]!);
    files.push(file);
  }
  return files;
}

/** A file that holds itself, however indirectly. */
async function circles(): Promise<unknown[]> {
  return laws.sql(`
    with recursive above (file_id, holder_id) as (
      select file_id, holder_id from file_registry.file_references where holder_id is not null
       union
      select a.file_id, r.holder_id
        from above a join file_registry.file_references r on r.file_id = a.holder_id and r.holder_id is not null)
    select from above where file_id = holder_id`);
}

test('a file cannot be its own rendition', async () => {
  const file = await laws.file();
  await expect(laws.rendition(file, file)).rejects.toMatchObject(refused);
});

test.for([2, 3, 16])('a chain of %i cannot be closed to a circle', async (length) => {
  const files = await chain(length);
  await expect(laws.rendition(files[0]!, files.at(-1)!)).rejects.toMatchObject(refused);
});

test('a circle cannot be closed by one statement', async () => {
  const [one, other] = [await laws.file(), await laws.file()];
  await expect(
    laws.sql(
      `insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
       values ($1::uuid, 'file', $2::text, 'size=a'), ($2::uuid, 'file', $1::text, 'size=b')`,
      [one, other],
    ),
  ).rejects.toMatchObject(refused);
});

test('a circle through the second of two originals is refused', async () => {
  const [top, middle, bottom] = [await laws.file(), await laws.file(), await laws.file()];
  const aside = await laws.file();
  await laws.rendition(bottom, aside);
  await laws.rendition(bottom, middle);
  await laws.rendition(middle, top);

  await expect(laws.rendition(top, bottom)).rejects.toMatchObject(refused);
});

test('renditions of renditions go 16 deep and no deeper', async () => {
  const files = await chain(17);
  await expect(laws.rendition(await laws.file(), files.at(-1)!)).rejects.toMatchObject(refused);
});

test.for([
  [10, 7, 'joined'],
  [16, 1, 'joined'],
  [9, 9, '23001'],
  [2, 16, '23001'],
] as const)('a chain of %i and one of %i below it: %s', async ([upper, lower, expected]) => {
  const [above, below] = [await chain(upper), await chain(lower)];
  const outcome = await laws.rendition(below[0]!, above.at(-1)!).then(
    () => 'joined',
    (error: { code: string }) => error.code,
  );
  expect(outcome).toBe(expected);
});

test.for(['repeatable read', 'serializable'])('a rendition is not attached in %s', async (isolation) => {
  const [original, rendition] = [await laws.file(), await laws.file()];
  const session = await laws.session();
  await session.query(`begin isolation level ${isolation}`);

  await expect(laws.rendition(rendition, original, session)).rejects.toMatchObject(staleSnapshot);
  await session.query('rollback');
});

test('two sessions that would close a circle together meet, one gives way', async () => {
  const [one, other] = [await laws.file(), await laws.file()];
  const [first, second] = [await laws.session(), await laws.session()];

  await first.query('begin');
  await laws.rendition(one, other, first);
  const closing = laws.rendition(other, one, second);
  const outcome = failureOf(closing);
  await laws.untilBlocked(second);
  await first.query('commit');

  expect(await outcome).toMatchObject(refused);
  expect(await circles()).toEqual([]);
});

test('four sessions at once never close a circle', async () => {
  const sessions = await Promise.all(Array.from({ length: 4 }, () => laws.session()));
  for (const session of sessions) await session.query(`set deadlock_timeout = '20ms'`);

  for (let round = 0; round < 10; round++) {
    const files = await Promise.all(sessions.map(() => laws.file()));
    const hold = async (session: Client, index: number) => {
      await session.query('begin');
      try {
        await laws.rendition(files[index]!, files[(index + 1) % 4]!, session);
        await session.query('commit');
      } catch (error) {
        await session.query('rollback');
        throw error;
      }
    };
    const outcomes = await Promise.allSettled(sessions.map(hold));
    expect(outcomes.map(({ status }) => status)).toContain('rejected');
    expect(await circles()).toEqual([]);
  }
});

test('two sessions that lengthen a chain at both ends do not make it too deep', async () => {
  const [upper, lower] = [await chain(8), await chain(8)];
  const [first, second] = [await laws.session(), await laws.session()];
  const top = await chain(8);

  await first.query('begin');
  await laws.rendition(upper[0]!, top.at(-1)!, first);
  const joining = laws.rendition(lower[0]!, upper.at(-1)!, second);
  const outcome = failureOf(joining);
  await laws.untilBlocked(second);
  await first.query('commit');
  expect(await outcome).toMatchObject(refused);
});

test('attaching a file does not wait for a session that makes a rendition of it', async () => {
  const [original, rendition] = [await laws.file(), await laws.file()];
  const session = await laws.session();

  await session.query('begin');
  await laws.rendition(rendition, original, session);
  await laws.sql(
    `set lock_timeout = '5s'; select file_registry.attach(array['${original}']::uuid[], 'article', '7', 'cover')`,
  );
  await session.query('commit');

  expect(
    await laws.sql('select from file_registry.file_references where file_id = $1', [original]),
  ).toHaveLength(1);
});

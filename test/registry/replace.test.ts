import { randomUUID } from 'node:crypto';
import type { FileArgument, StoredFile } from 'nestjs-file-registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { untilBlocked } from './until.js';

const registry = await createTestRegistry();
const { files, db, pool } = registry;

let owner: { type: string; id: string; slot: string };
let one: StoredFile;
let two: StoredFile;
let three: StoredFile;

beforeEach(async () => {
  owner = { type: 'article', id: randomUUID(), slot: 'cover' };
  [one, two, three] = [await registry.store('1'), await registry.store('2'), await registry.store('3')];
});
afterEach(() => registry.assertLaws());

function replace(list: FileArgument | readonly FileArgument[] | null) {
  return db.transaction().execute((trx) => files.in(trx).replace(owner, list));
}

async function held(): Promise<string[]> {
  return (await files.filesOf(owner)).map((file) => file.id).toSorted();
}

async function detachedIntents(): Promise<number> {
  const { rows } = await pool.query(
    `select count(*)::int as n from file_registry.deletion_outbox where reason = 'detached' and owner_id = $1`,
    [owner.id],
  );
  return rows[0].n;
}

test('an empty slot is filled, a filled one holds exactly the new files', async () => {
  expect(await replace(one)).toEqual({ attached: 1, detached: 0 });
  expect(await replace(two)).toEqual({ attached: 1, detached: 1 });
  expect(await replace([two, three])).toEqual({ attached: 1, detached: 0 });
  expect(await replace([one, three, one])).toEqual({ attached: 1, detached: 1 });
  expect(await held()).toEqual([one.id, three.id].toSorted());
});

test('replacing a file by itself changes nothing and notes nothing', async () => {
  await replace([one, two]);
  const reference = () =>
    pool.query(`select xmin, * from file_registry.file_references where owner_id = $1`, [owner.id]);
  const before = (await reference()).rows;

  expect(await replace([two.id.toUpperCase(), one, two])).toEqual({ attached: 0, detached: 0 });

  expect(await detachedIntents()).toBe(0);
  expect((await reference()).rows).toEqual(before);
});

test.for([
  ['null', null],
  ['an empty list', []],
] as const)('replacing by %s empties the slot, again too', async ([, nothing]) => {
  await replace([one, two]);

  expect(await replace(nothing)).toEqual({ attached: 0, detached: 2 });
  expect(await replace(nothing)).toEqual({ attached: 0, detached: 0 });
  expect(await detachedIntents()).toBe(2);
});

test('undefined empties nothing, it is a mistake', async () => {
  await replace(one);

  expect(await errorOf(replace(undefined as never))).toMatchObject({ code: 'INVALID_FILE_ID' });
  expect(await held()).toEqual([one.id]);
});

test('other slots and other records keep their files', async () => {
  await registry.attach(one, owner.id, 'banner');
  await registry.attach(one, `${owner.id}1`, 'cover');
  await replace(one);
  await replace(two);

  expect(await files.count(one)).toBe(2);
});

test('a missing file leaves the slot as it was, and the transaction goes on', async () => {
  await replace(one);

  await db.transaction().execute(async (trx) => {
    expect(await errorOf(files.in(trx).replace(owner, [two, randomUUID()]))).toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    expect((await files.filesOf(owner)).map((file) => file.id)).toEqual([one.id]);
    expect(await files.in(trx).replace(owner, three)).toEqual({ attached: 1, detached: 1 });
  });
  expect(await held()).toEqual([three.id]);
});

test('two replacements of one slot run one after the other, and the later one wins', async () => {
  await replace(one);
  const [first, second] = [await registry.database.client(), await registry.database.client()];
  const pid = (await second.query('select pg_backend_pid() as pid')).rows[0].pid;
  await first.query('begin');
  await second.query('begin');
  await files.in(first).replace(owner, two);

  const replaced = files.in(second).replace(owner, three);
  await untilBlocked(pool, pid);
  await first.query('commit');

  expect(await replaced).toEqual({ attached: 1, detached: 1 });
  await second.query('commit');
  expect(await held()).toEqual([three.id]);
  expect(await detachedIntents()).toBe(2);
});

test('the first fill of a slot by two at once leaves one file, not two', async () => {
  const [first, second] = [await registry.database.client(), await registry.database.client()];
  const pid = (await second.query('select pg_backend_pid() as pid')).rows[0].pid;
  await first.query('begin');
  await second.query('begin');
  await files.in(first).replace(owner, one);
  const replaced = files.in(second).replace(owner, two);
  await untilBlocked(pool, pid);
  await first.query('commit');

  expect(await replaced).toEqual({ attached: 1, detached: 1 });
  await second.query('commit');
  expect(await held()).toEqual([two.id]);
});

test('replacements of different slots do not wait for each other', async () => {
  const [first, second] = [await registry.database.client(), await registry.database.client()];
  await first.query('begin');
  await second.query('begin');
  await files.in(first).replace(owner, one);

  await files.in(second).replace({ ...owner, slot: 'banner' }, one);
  await files.in(second).replace({ ...owner, id: `${owner.id}2` }, one);
  await second.query('commit');
  await first.query('rollback');
  expect(await files.count(one)).toBe(2);
});

test('replacing and detaching at the same time do not deadlock', async () => {
  const list = await Promise.all(Array.from({ length: 8 }, () => registry.store()));
  for (let round = 0; round < 10; round++) {
    await replace(round % 2 ? list : list.toReversed());
    await Promise.all([
      replace(null),
      db.transaction().execute((trx) => files.in(trx).detach(list, owner)),
      db.transaction().execute((trx) => files.in(trx).detachAll(owner)),
    ]);
    expect(await held()).toEqual([]);
  }
});

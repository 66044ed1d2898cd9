import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { busyKey, createAttackedDatabase, failureOf, refused } from './support/attacked-database.js';
import { movesIn } from './support/moves-in.js';

// A file changes its place only onto a reserved key, and what it leaves is due to go in the same statement.
const laws = await createAttackedDatabase();
const { claim, keyOf, lapse, move, place, reserve, update } = movesIn(laws);

afterEach(() => laws.assertLaws());

test('a file that moves leaves its old bytes due to go, in place of the reservation', async () => {
  const file = await laws.file();
  await laws.reference(file);
  const reservation = await reserve();

  expect(await move(file, reservation)).toBe('moved');

  expect(await place(file)).toEqual(['archive', keyOf(reservation)]);
  expect(await laws.deletion(reservation)).toMatchObject({
    storage: 'media',
    key: keyOf(file),
    state: 'condemned',
    reason: 'moved',
    last_owners: [{ type: 'file', id: file, slot: 'moved' }],
  });
  expect(await laws.deletion(file)).toBeUndefined();
  expect(await laws.reasons(file)).toEqual(['stored']);
});

test('moving there again, as after a lost answer, changes nothing', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  await move(file, reservation);
  const before = await laws.deletion(reservation);

  expect(await move(file, reservation)).toBe('moved');
  expect(await laws.deletion(reservation)).toEqual(before);
});

test('a move that is rolled back leaves file and reservation as they were', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const session = await laws.session();
  await session.query('begin');
  expect(await move(file, reservation, { on: session })).toBe('moved');
  await session.query('rollback');

  expect(await place(file)).toEqual(['media', keyOf(file)]);
  expect(await laws.deletion(reservation)).toMatchObject({ state: 'reserved', storage: 'archive' });
});

test('raw SQL moves a file onto a reserved key and nowhere else', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const other = await laws.file();
  const wrong: [string, string][] = [
    ['archive', keyOf(randomUUID())], // reserved by nobody
    ['archive', 'photos/1.jpg'],
    ['media', keyOf(reservation)], // reserved in another storage
    ['archive', `other/${reservation}.jpg`], // another key of the same id
    ['archive', keyOf(file)],
    ['archive', `${keyOf(reservation)}/tail`],
  ];
  for (const [storage, key] of wrong) {
    expect(await failureOf(update(file, storage, key)), key).toMatchObject(refused);
  }
  expect(await failureOf(update(file, 'media', keyOf(other)))).toMatchObject(busyKey);
  expect(await laws.deletion(reservation)).toMatchObject({ state: 'reserved' });

  await update(file, 'archive', keyOf(reservation));
  expect(await laws.deletion(reservation)).toMatchObject({ state: 'condemned', key: keyOf(file) });
});

test('a file never changes its id, also not together with its place', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  for (const id of [reservation, randomUUID()]) {
    const change = laws.sql('update file_registry.files set id = $2, storage = $3, key = $4 where id = $1', [
      file,
      id,
      'archive',
      keyOf(reservation),
    ]);
    expect(await failureOf(change)).toMatchObject(refused);
  }
});

test('a file never changes its version by itself, neither before nor after it moved', async () => {
  const file = await laws.file();
  const change = () => laws.sql(`update file_registry.files set version_id = '2' where id = $1`, [file]);
  expect(await failureOf(change())).toMatchObject(refused);
  await move(file, await reserve());
  expect(await failureOf(change())).toMatchObject(refused);
});

test('two files cannot change places, nor one take the place another leaves', async () => {
  const [one, two, three] = [await laws.file(), await laws.file(), await laws.file()];
  await move(one, await reserve());
  expect(await failureOf(update(two, 'media', keyOf(one)))).toMatchObject(refused);
  expect(await failureOf(laws.file({ key: keyOf(one) })), 'adopted').toMatchObject(busyKey);

  const swap = laws.sql(
    `update file_registry.files set key = case id when $1 then $4 else $3 end where id in ($1, $2)`,
    [two, three, keyOf(two), keyOf(three)],
  );
  expect(await failureOf(swap)).toMatchObject({ code: expect.stringMatching(/^(23001|23505)$/) });
});

test('one statement moves two files, each onto a reservation of its own', async () => {
  const files = [await laws.file(), await laws.file()];
  const reservations = [await reserve(), await reserve()];
  await laws.sql(
    `update file_registry.files f set storage = 'archive', key = m.key
       from unnest($1::uuid[], $2::text[]) as m(id, key) where f.id = m.id`,
    [files, reservations.map(keyOf)],
  );
  for (const [n, reservation] of reservations.entries()) {
    expect(await laws.deletion(reservation)).toMatchObject({ reason: 'moved', key: keyOf(files[n] ?? '') });
  }
});

test('one reservation takes one file: the second finds it used', async () => {
  const [one, two] = [await laws.file(), await laws.file()];
  const reservation = await reserve();
  await move(one, reservation);
  expect(await move(two, reservation)).toBe('expired');
  expect(['23001', '23505']).toContain(
    ((await failureOf(update(two, 'archive', keyOf(reservation)))) as { code: string }).code,
  );
});

test('only a key that is still reserved is moved to: not an abandoned, deleted or condemned one', async () => {
  const file = await laws.file();
  const [abandoned, deleted] = [await reserve(), await reserve()];
  await lapse(abandoned);
  await lapse(deleted);
  await claim('archive');
  await laws.sql(
    `update file_registry.deletions set state = 'deleted', deleted_at = now(), next_attempt_at = null where file_id = $1`,
    [deleted],
  );
  const condemned = await laws.order();
  expect(await laws.deletion(abandoned)).toMatchObject({ state: 'abandoned' });

  // First, because PostgreSQL answers an error before it lets go of the file's row, which would then be busy.
  expect(await move(file, abandoned)).toBe('expired');
  expect(await move(file, deleted)).toBe('expired');
  for (const id of [abandoned, deleted]) {
    expect(await failureOf(update(file, 'archive', keyOf(id)))).toMatchObject(refused);
  }
  expect(await failureOf(update(file, 'media', keyOf(condemned)))).toMatchObject(refused);
});

test('a key that somebody ordered to be deleted is not moved to, although it is reserved', async () => {
  const file = await laws.file();
  const reservation = await reserve('media');
  await laws.order({ key: keyOf(reservation) });
  expect(await failureOf(update(file, 'media', keyOf(reservation)))).toMatchObject(busyKey);
});

test('a reservation is not dropped by hand because a file lies elsewhere, nor turned into a file of another id', async () => {
  await laws.file();
  const reservation = await reserve();
  const drop = 'delete from file_registry.deletions where file_id = $1';
  expect(await failureOf(laws.sql(drop, [reservation]))).toMatchObject(refused);
  const taken = laws.sql(
    `with gone as (${drop} returning storage, key)
     insert into file_registry.files (id, storage, key, content_type, size)
     select gen_random_uuid(), storage, key, 'image/jpeg', 1 from gone`,
    [reservation],
  );
  expect(await failureOf(taken)).toMatchObject(refused);
  expect(await laws.deletion(reservation)).toMatchObject({ state: 'reserved' });
});

test('what a moved file left cannot be dropped, and its key stays busy until the receipt is pruned', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  await move(file, reservation);
  const drop = laws.sql('delete from file_registry.deletions where file_id = $1', [reservation]);
  expect(await failureOf(drop)).toMatchObject(refused);
  for (const key of [keyOf(file), keyOf(reservation)]) {
    const free = laws.sql('delete from file_registry.adopted_keys where key = $1', [key]);
    expect(await failureOf(free), key).toMatchObject(refused);
  }
});

test('there and back again gives other keys, and each place it left is due once', async () => {
  const file = await laws.file();
  const [away, back] = [await reserve(), await reserve('media')];
  await move(file, away);
  const from = ['archive', keyOf(away)];
  expect(await move(file, back, { from, to: ['media', keyOf(back)] })).toBe('moved');

  expect(await place(file)).toEqual(['media', keyOf(back)]);
  expect(await laws.deletion(away)).toMatchObject({ storage: 'media', key: keyOf(file) });
  expect(await laws.deletion(back)).toMatchObject({ storage: 'archive', key: keyOf(away) });
  expect(await move(file, away), 'the first answer, asked for again').toBe('changed');
});

test('giving up a copy whose move did happen touches neither the file nor what it left', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  await move(file, reservation);
  const abandon = () =>
    laws.sql(`select file_registry.abandon_upload($1, 'archive', $2)`, [reservation, keyOf(reservation)]);
  await abandon();
  expect(await laws.deletion(reservation)).toMatchObject({ state: 'condemned', reason: 'moved' });

  await laws.sql(
    `update file_registry.deletions set state = 'deleted', deleted_at = now() - interval '25 hours', next_attempt_at = null
      where file_id = $1`,
    [reservation],
  );
  await laws.sql('select file_registry.prune_receipts(0, 100)');
  expect(await failureOf(abandon())).toMatchObject(refused);
  expect(await place(file)).toEqual(['archive', keyOf(reservation)]);
});

test('a reservation that belongs to an upload of a client is not moved to', async () => {
  const file = await laws.file();
  const id = randomUUID();
  await laws.sql(
    `select file_registry.reserve_for_client($1, 'archive', $2, null, 'image/jpeg', 10, 1000, 60000)`,
    [id, keyOf(id)],
  );
  expect(await move(file, id)).toBe('expired');
});

test('a file that was adopted moves, and its old key stays busy', async () => {
  const key = `adopted/${randomUUID()}.jpg`;
  const file = await laws.file({ key });
  const reservation = await reserve();
  expect(await move(file, reservation, { from: ['media', key] })).toBe('moved');
  expect(await failureOf(laws.file({ key }))).toMatchObject(busyKey);
  const pending = laws.sql('delete from file_registry.adopted_keys where key = $1', [key]);
  expect(await failureOf(pending)).toMatchObject(refused);
});

import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase, failureOf, refused, staleSnapshot } from './support/attacked-database.js';
import { movesIn } from './support/moves-in.js';

// A file that changes its place while others attach it, delete it, settle it, or are after the key that it moves onto.
const laws = await createAttackedDatabase();
const { claim, keyOf, lapse, move, place, reserve, update } = movesIn(laws);

afterEach(() => laws.assertLaws());

test('a deletion of the new key that is ordered while a file moves there waits and is refused', async () => {
  const file = await laws.file();
  const reservation = await reserve('media');
  const [moving, ordering] = [await laws.session(), await laws.session()];
  await moving.query('begin');
  await move(file, reservation, { on: moving, to: ['media', keyOf(reservation)] });
  const ordered = failureOf(laws.order({ key: keyOf(reservation) }, ordering));
  await laws.untilBlocked(ordering);
  await moving.query('commit');
  expect(await ordered).toMatchObject(refused);
});

test('of two moves of one file at once the second changes nothing, whichever waits', async () => {
  const file = await laws.file();
  const [first, second] = [await reserve(), await reserve('other')];
  const moving = await laws.session();
  await moving.query('begin');
  expect(await move(file, first, { on: moving })).toBe('moved');
  expect(await move(file, second, { to: ['other', keyOf(second)] })).toBe('busy');
  await moving.query('commit');
  expect(await move(file, second, { to: ['other', keyOf(second)] })).toBe('changed');
  expect(await laws.deletion(second)).toMatchObject({ state: 'reserved' });
});

test('a file that is being attached is busy and stays, and can be moved afterwards', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const attaching = await laws.session();
  await attaching.query('begin');
  await attaching.query(`select file_registry.attach($1, 'article', '1', 'cover')`, [[file]]);
  expect(await move(file, reservation)).toBe('busy');
  await attaching.query('commit');
  expect(await move(file, reservation)).toBe('moved');
});

test('an attach waits for a move and then holds the file where it is', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const [moving, attaching] = [await laws.session(), await laws.session()];
  await moving.query('begin');
  await move(file, reservation, { on: moving });
  const attached = laws.sql(`select file_registry.attach($1, 'article', '1', 'cover')`, [[file]], attaching);
  await laws.untilBlocked(attaching);
  await moving.query('commit');
  await attached;
  expect(await laws.sql('select from file_registry.file_references where file_id = $1', [file])).toHaveLength(
    1,
  );
});

test('an erase is waited for by nobody: the move is busy, then finds the file gone', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const erasing = await laws.session();
  await erasing.query('begin');
  await erasing.query('delete from file_registry.files where id = $1', [file]);
  expect(await move(file, reservation)).toBe('busy');
  await erasing.query('commit');
  expect(await move(file, reservation)).toBe('changed');
  expect(await laws.deletion(file)).toMatchObject({ storage: 'media', state: 'condemned' });
});

test('a file that is deleted while it moves goes from its new place, and its old bytes go too', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const [moving, erasing] = [await laws.session(), await laws.session()];
  await moving.query('begin');
  await move(file, reservation, { on: moving });
  const erased = laws.sql('delete from file_registry.files where id = $1', [file], erasing);
  await laws.untilBlocked(erasing);
  await moving.query('commit');
  await erased;
  expect(await laws.deletion(file)).toMatchObject({ storage: 'archive', key: keyOf(reservation) });
  expect(await laws.deletion(reservation)).toMatchObject({ storage: 'media', key: keyOf(file) });
});

test('a settle passes a file that moves by, and condemns it at its new place afterwards', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const moving = await laws.session();
  const settle = () => laws.sql(`select file_registry.settle('stored', 0, 100, '-infinity', 0)`);
  await moving.query('begin');
  await move(file, reservation, { on: moving });
  await settle();
  expect(await laws.exists(file)).toBe(true);
  await moving.query('commit');
  await settle();
  expect(await laws.deletion(file)).toMatchObject({ storage: 'archive', key: keyOf(reservation) });
});

test('a reservation that a processor claims at this moment is not moved to', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  await lapse(reservation);
  const [claiming, moving] = [await laws.session(), await laws.session()];
  await claiming.query('begin');
  await claim('archive', claiming);
  const answer = move(file, reservation, { on: moving });
  await laws.untilBlocked(moving);
  await claiming.query('commit');
  expect(await answer).toBe('expired');
  expect(await place(file)).toEqual(['media', keyOf(file)]);
});

test('a processor passes a reservation by that a file moves onto at this moment', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  await lapse(reservation);
  const moving = await laws.session();
  await moving.query('begin');
  await move(file, reservation, { on: moving });
  const [row] = await claim('archive');
  expect(row.claimed).toEqual([]);
  await moving.query('commit');
  expect((await claim('archive'))[0].claimed).toEqual([]);
});

test('above READ COMMITTED a move is refused, and raw SQL meets a change since its snapshot as a conflict', async () => {
  const file = await laws.file();
  const reservation = await reserve();
  const session = await laws.database.begun('repeatable read');
  expect(await failureOf(move(file, reservation, { on: session }))).toMatchObject(staleSnapshot);

  const old = await laws.database.begun('repeatable read');
  await old.query('select from file_registry.files');
  await move(file, reservation);
  expect(await failureOf(update(file, 'archive', keyOf(await reserve()), old))).toMatchObject({
    code: '40001',
  });
});

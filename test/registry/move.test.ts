import { DatabaseUnavailableError } from '../../src/errors/database-unavailable-error.js';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { faults, faultyStorage } from 'nestjs-file-registry/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { assertPlaces, drainLapsed, memoryPlaces } from './memory-places.js';
import { until } from './until.js';

const places = memoryPlaces('media', 'archive');
const media = faultyStorage(places['media']!);
const archive = faultyStorage(places['archive']!);
const registry = await createTestRegistry({ storages: { media, archive }, defaultStorage: 'media' });
const { files, processor } = registry;
const delayed = await createTestRegistry({
  storages: memoryPlaces('media', 'archive'),
  defaultStorage: 'media',
  processor: { deletionDelayMs: 60_000 },
});

afterEach(async () => {
  media.heal();
  archive.heal();
  await assertPlaces(registry, places);
});

const content = async (file: { id: string }) => text(await files.read(file));
const reservations = () =>
  registry.tables.selectFrom('deletions').selectAll().where('state', '=', 'reserved').execute();

async function attached() {
  const file = await registry.store(`bytes of ${randomUUID()}`);
  await registry.attach(file, randomUUID());
  return file;
}

test('a file that moves keeps its id, references and metadata; its old bytes go and leave a receipt', async () => {
  const file = await files.store(Buffer.from('bytes'), { filename: 'a b.jpg', metadata: { from: 'a test' } });
  await registry.attach(file, '1');

  const moved = await files.move(file, 'archive');

  expect(moved).toEqual({ ...file, storage: 'archive', key: expect.not.stringContaining(file.id) });
  expect(moved.key).toMatch(/a b\.jpg$/);
  expect(await files.find(file)).toEqual(moved);
  expect(await files.references(file)).toMatchObject([{ type: 'article', id: '1', slot: 'cover' }]);
  expect(await content(file)).toBe('bytes');
  expect(places['media']!.has(file.key), 'until the processor comes').toBe(true);

  await processor.drain();
  expect(places['media']!.has(file.key)).toBe(false);
  const receipt = await registry.tables
    .selectFrom('deletions')
    .selectAll()
    .where('key', '=', file.key)
    .executeTakeFirstOrThrow();
  expect(receipt).toMatchObject({ storage: 'media', state: 'deleted', reason: 'moved' });
  expect((await files.explain(receipt.file_id)).text).toBe(
    `What file ${file.id} left in storage 'media' under '${file.key}' when it moved is gone: deleted ` +
      `${receipt.deleted_at?.toISOString()} after 1 attempt(s).`,
  );
  expect(await files.explain(file)).toMatchObject({ state: 'held', file: { storage: 'archive' } });
});

test('moving to where the file is does nothing', async () => {
  const file = await attached();
  const writes = media.calls.write;
  expect(await files.move(file, 'media')).toEqual(file);
  expect(media.calls.write).toBe(writes);
});

test('a file moves there and back again, under another key each time', async () => {
  const file = await attached();
  const there = await files.move(file, 'archive');
  const back = await files.move(file, 'media');
  const again = await files.move(file, 'archive');
  expect(new Set([file.key, there.key, back.key, again.key]).size).toBe(4);
  await processor.drain();
  expect(await content(file)).toMatch(/^bytes of/);
  expect(places['archive']!.has(there.key)).toBe(false);
});

test('a rendition stays where it is, and a moved original still holds it', async () => {
  const [original, rendition] = [await attached(), await registry.store()];
  await registry.pool.query(
    `insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=thumb')`,
    [rendition.id, original.id],
  );
  await files.move(original, 'archive');
  expect(await files.find(rendition)).toEqual(rendition);
  expect(await files.count(rendition)).toBe(1);
});

test('a file without references moves, and its period goes on', async () => {
  const file = await registry.store('unattached');
  const moved = await files.move(file, 'archive');
  await drainLapsed(registry, '25 hours');
  expect(await files.find(file)).toBeNull();
  expect(places['archive']!.has(moved.key)).toBe(false);
});

test('a file of 0 bytes and one of many chunks arrive whole', async () => {
  for (const size of [0, 1_000_000]) {
    const bytes = Buffer.alloc(size, 'x');
    const file = await files.store(bytes);
    await files.move(file, 'archive');
    expect((await content(file)).length).toBe(size);
  }
});

test('what is no file, no storage or no signal is refused before anything is written', async () => {
  const file = await attached();
  const writes = archive.calls.write;
  expect(await errorOf(files.move(randomUUID(), 'archive'))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(await errorOf(files.move(file, 'nowhere'))).toMatchObject({ code: 'UNKNOWN_STORAGE' });
  expect(await errorOf(files.move(file, 'archive', { signal: 'no' as never }))).toMatchObject({
    code: 'INVALID_OPTION',
  });
  const aborted = errorOf(files.move(file, 'archive', { signal: AbortSignal.abort() }));
  expect(await aborted).toMatchObject({ code: 'UPLOAD_ABORTED' });
  expect(archive.calls.write).toBe(writes);
  expect(await reservations()).toEqual([]);
});

test('bytes that are not those that were stored stop the move', async () => {
  const file = await attached();
  const place = places['media']!;
  await place.delete([{ key: file.key, abandoned: false }]);
  const damaged = Readable.from([Buffer.alloc(file.size, '?')]);
  await place.write(file.key, damaged, { contentType: 'image/jpeg' });

  expect(await errorOf(files.move(file, 'archive'))).toMatchObject({
    code: 'CONTENT_MISMATCH',
    context: { fileId: file.id, storage: 'media' },
  });
  expect(await files.find(file)).toEqual(file);
  expect(await reservations()).toEqual([]);
});

test('bytes that are missing stop the move', async () => {
  const file = await registry.store('lost');
  await places['media']!.delete([{ key: file.key, abandoned: false }]);
  expect(await errorOf(files.move(file, 'archive'))).toMatchObject({ code: 'BYTES_MISSING' });
  expect(await files.find(file)).toEqual(file);
  await drainLapsed(registry, '25 hours');
});

test('a storage that fails at any point of a move leaves the file where it was, or moves it', async () => {
  const file = await attached();
  for (const storage of [media, archive]) {
    for (const fault of [faults.fail(), faults.failHalfway({ afterBytes: 3 })]) {
      const kind = storage === media ? 'read' : 'write';
      storage.replan({ [kind]: { [storage.calls[kind] + 1]: fault } });
      const error = await errorOf(files.move(file, 'archive'));
      expect(error.retryable, error.message).toBe(true);
      expect(await files.find(file)).toEqual(file);
      await assertPlaces(registry, places);
    }
  }
  expect(await reservations(), 'every copy was given up').toEqual([]);
  await files.move(file, 'archive');
});

test('a source that breaks off leaves the file where it was', async () => {
  const file = await attached();
  const broken = vi.spyOn(places['media']!, 'read').mockImplementationOnce(async () =>
    Readable.from(
      (async function* () {
        yield Buffer.from('byt');
        throw new Error('the line broke');
      })(),
    ),
  );
  const error = await errorOf(files.move(file, 'archive'));
  broken.mockRestore();
  expect(error).toMatchObject({ code: 'UPLOAD_FAILED', retryable: true });
  expect(error.message).toContain('The file is where it was; move it again.');
  expect(await files.find(file)).toEqual(file);
  expect(await reservations()).toEqual([]);
});

// What a process leaves that is killed behind each step of a move.
test('a crash before the first byte, amid the bytes, and behind the last leaves the file where it was', async () => {
  const file = await attached();
  for (const written of [undefined, 'half', 'all'] as const) {
    const id = uuidv7();
    const key = `2026/11/21/aa/${id}-photo.jpg`;
    await registry.pool.query(`select file_registry.reserve($1, 'archive', $2, null, 3600000)`, [id, key]);
    if (written !== undefined) {
      const bytes = await files.read(file, written === 'half' ? { end: 3 } : {});
      await places['archive']!.write(key, bytes, { contentType: 'image/jpeg' });
    }
    await assertPlaces(registry, places);
    await drainLapsed(registry);
    expect(places['archive']!.has(key)).toBe(false);
    expect(await content(file)).toMatch(/^bytes of/);
  }
});

test('an answer of the database that is lost at the end is asked for again', async () => {
  const file = await attached();
  const session = await registry.database.begun();
  archive.replan({ write: faults.late() });
  const moving = files.move(file, 'archive');
  await archive.untilWaiting();
  await session.query('lock table file_registry.files in access exclusive mode');
  archive.release();
  await until('the move waits, and its backend is ended', async () => {
    const { rows } = await registry.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%move_file%'`,
    );
    return rows.length > 0;
  });
  await session.query('rollback');
  expect(await moving).toMatchObject({ storage: 'archive' });
  expect(await reservations()).toEqual([]);
});

test('an abort after the last answer was lost does not say that the file is where it was', async () => {
  const file = await attached();
  const abort = new AbortController();
  const database = registry.module.get(RegistryDatabase);
  const call = database.call.bind(database);
  let lost = false;
  database.call = async <Result>(...args: Parameters<typeof call>): Promise<Result> => {
    const answer = await call<Result>(...args);
    if (args[0] !== 'move_file' || lost) return answer;
    lost = true;
    abort.abort();
    throw new DatabaseUnavailableError('The connection was lost. Try again.');
  };
  try {
    expect(await files.move(file, 'archive', { signal: abort.signal })).toMatchObject({ storage: 'archive' });
  } finally {
    database.call = call;
  }
  expect(lost).toBe(true);
  expect(await reservations()).toEqual([]);
});

test('an abort while bytes flow leaves the file where it was', async () => {
  const file = await attached();
  const abort = new AbortController();
  archive.replan({ write: faults.hang() });
  const moving = errorOf(files.move(file, 'archive', { signal: abort.signal }));
  await archive.untilWaiting();
  abort.abort();
  archive.heal();
  expect(await moving).toMatchObject({ code: 'UPLOAD_ABORTED' });
  expect(await files.find(file)).toEqual(file);
  expect(await reservations()).toEqual([]);
});

test('a reservation that lapsed while bytes flowed stops the move', async () => {
  const file = await attached();
  archive.replan({ write: faults.hang() });
  const moving = errorOf(files.move(file, 'archive'));
  await archive.untilWaiting();
  await registry.passTime('61 minutes');
  await processor.drain();
  archive.heal();
  expect(await moving).toMatchObject({ code: 'UPLOAD_EXPIRED' });
  expect(await files.find(file)).toMatchObject({ storage: 'media', key: file.key });
});

test('a file that is attached all the while is busy, and can be moved when the transaction has ended', async () => {
  const file = await attached();
  const session = await registry.database.begun();
  await session.query(`select file_registry.attach($1, 'article', '2', 'cover')`, [[file.id]]);
  const error = await errorOf(files.move(file, 'archive'));
  expect(error).toMatchObject({ code: 'FILE_BUSY', kind: 'retryable' });
  expect(await reservations()).toEqual([]);
  await session.query('commit');
  expect(await files.move(file, 'archive')).toMatchObject({ storage: 'archive' });
});

test('a file that is attached for a moment is waited for', async () => {
  const file = await attached();
  const session = await registry.database.begun();
  await session.query(`select file_registry.attach($1, 'article', '3', 'cover')`, [[file.id]]);
  const moving = files.move(file, 'archive');
  let firstDue: number | undefined;
  await until('the reservation is renewed, because the file is busy', async () => {
    const due = (await reservations())[0]?.next_attempt_at?.getTime();
    firstDue ??= due;
    return due !== undefined && due !== firstDue;
  });
  await session.query('commit');
  expect(await moving).toMatchObject({ storage: 'archive' });
});

test('a file that is erased while its bytes are copied stays erased', async () => {
  const file = await attached();
  archive.replan({ write: faults.hang() });
  const moving = errorOf(files.move(file, 'archive'));
  await archive.untilWaiting();
  await registry.db.transaction().execute((trx) => files.in(trx).erase(file));
  archive.heal();
  expect(await moving).toMatchObject({ code: 'FILE_CONDEMNED' });
  expect(await reservations()).toEqual([]);
});

test('two moves at once to one storage both answer the file; one copy is given up', async () => {
  const file = await attached();
  const [one, two] = await Promise.all([files.move(file, 'archive'), files.move(file, 'archive')]);
  expect(one).toEqual(two);
  expect(await reservations()).toEqual([]);
  await processor.drain();
  expect(await content(file)).toMatch(/^bytes of/);
});

test('a file that is read while it moves is read from where it is', async () => {
  const file = await attached();
  media.replan({ read: { [media.calls.read + 1]: faults.hang() } });
  const reading = files.read(file);
  await media.untilWaiting();
  const moved = await files.move(file, 'archive');
  await processor.drain();
  expect(places['media']!.has(file.key)).toBe(false);
  media.heal();
  expect(await text(await reading)).toMatch(/^bytes of/);
  expect(moved.storage).toBe('archive');
});

test('the old bytes wait for the deletion delay', async () => {
  const file = await delayed.store();
  await delayed.files.move(file, 'archive');
  expect((await delayed.processor.drain()).deleted).toBe(0);
  await delayed.passTime('61 seconds');
  expect((await delayed.processor.drain()).deleted).toBe(1);
});

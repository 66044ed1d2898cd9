import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { FaultyStorage } from './faulty-storage.js';
import { expectNothingLeft } from './nothing-is-left.js';
import { until } from './until.js';

const media = await createTemporaryFolder('faulty');
const storage = new FaultyStorage(media.path);
const registry = await createTestRegistry({ storages: { media: storage } });
const { files, database, db, pool } = registry;

beforeEach(() => storage.heal());
afterEach(async () => {
  await databaseReturns();
  await expectNothingLeft(registry, media);
});

/** PostgreSQL refuses a connection with several codes, of which some are called permanent. */
const away = expect.stringMatching(/^DATABASE_(UNAVAILABLE|FAILED)$/);

async function databaseGoes(): Promise<void> {
  await database.allowConnections(false);
  await database.disconnectAll();
}

async function databaseReturns(): Promise<void> {
  await database.allowConnections(true);
  const answers = (query: Promise<unknown>) =>
    query.then(
      () => true,
      () => false,
    );
  await until('every connection of the pools is a fresh one', async () => {
    const both = await Promise.all([answers(pool.query('select 1')), answers(sql`select 1`.execute(db))]);
    return both.every(Boolean);
  });
}

test('a database that is away refuses the upload before a byte is written, and the content is destroyed', async () => {
  await databaseGoes();
  const content = Readable.from([Buffer.from('abc')]);

  const error = await errorOf(files.store(content));

  expect(error).toMatchObject({ code: away });
  expect(error.cause).toBeInstanceOf(Error);
  expect(content.destroyed).toBe(true);
  expect(await media.entries()).toEqual([]);

  await databaseReturns();
  expect(await files.store(Buffer.from('abc'))).toMatchObject({ size: 3 });
});

test('a database that goes while bytes flow and returns in time is not noticed', async () => {
  storage.onWrite = async (key, content, options) => {
    await databaseGoes();
    const written = await storage.real.write(key, content, options);
    await databaseReturns();
    return written;
  };

  const file = await files.store(Buffer.from('abc'));
  expect(await files.find(file)).toEqual(file);
});

test('a database that goes before the file can be recorded leaves bytes that are reserved, and they go', async () => {
  storage.onWrite = async (key, content, options) => {
    const written = await storage.real.write(key, content, options);
    await databaseGoes();
    return written;
  };

  expect(await errorOf(files.store(Buffer.from('abc')))).toMatchObject({ code: away });

  await databaseReturns();
  expect(await media.files()).toHaveLength(1);
  expect(
    await registry.tables.selectFrom('deletions').select('state').where('deleted_at', 'is', null).execute(),
  ).toEqual([{ state: 'reserved' }]);
});

test('an answer that is lost after the file was recorded leaves a file that nobody attaches, and it goes', async () => {
  const client = await database.client();
  storage.onWrite = async (key, content, options) => {
    const written = await storage.real.write(key, content, options);
    const [id = ''] = /[0-9a-f-]{36}/.exec(key) ?? [];
    // Another session finishes exactly what this upload is about to finish, and then the database goes.
    await client.query(`select file_registry.finish_upload($1, null, 'text/plain', 3, sha256('abc'), '{}')`, [
      id,
    ]);
    await databaseGoes();
    return written;
  };

  expect(await errorOf(files.store(Buffer.from('abc')))).toMatchObject({ code: away });

  await databaseReturns();
  const rows = await registry.tables.selectFrom('files').select(['id', 'key']).execute();
  expect(rows.map((row) => row.key)).toEqual(await media.files());
  expect(await files.count(rows[0]?.id ?? '')).toBe(0);
});

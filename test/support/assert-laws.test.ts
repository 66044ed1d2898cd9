import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { assertLaws } from './assert-laws.js';
import { createTemporaryFolder } from './create-temporary-folder.js';
import { createTestDatabase } from './create-test-database.js';

const database = await createTestDatabase();
const folder = await createTemporaryFolder('media');
// The database refuses what these tests do to it, so it must not look.
const admin = await database.client({ options: '-c session_replication_role=replica' });
const laws = () => assertLaws({ admin, storages: { media: folder.path } });

let id: string;
let key: string;

beforeEach(async () => {
  await admin.query('delete from file_registry.files');
  await admin.query('delete from file_registry.file_references');
  await admin.query('delete from file_registry.deletion_outbox');
  await admin.query('delete from file_registry.deletions');
  await rm(folder.path, { recursive: true });

  id = randomUUID();
  key = `2026/${id}.txt`;
  await mkdir(dirname(join(folder.path, key)), { recursive: true });
  await writeFile(join(folder.path, key), 'abc');
  await admin.query(
    `insert into file_registry.files (id, storage, key, content_type, size, checksum)
     values ($1, 'media', $2, 'text/plain', 3, sha256('abc'))`,
    [id, key],
  );
  await admin.query(`insert into file_registry.deletion_outbox (file_id, reason) values ($1, 'stored')`, [
    id,
  ]);
});

test('a file with its bytes and an intent is lawful', async () => {
  await expect(laws()).resolves.toBeUndefined();
});

test('an upload under way is lawful, its temporary file too', async () => {
  const other = randomUUID();
  await writeFile(join(folder.path, `2026/${other}.part`), 'ab');
  await expect(laws()).rejects.toThrow('law 4, no bytes without a row');

  await deletion(other, `2026/${other}`, 'reserved');
  await expect(laws()).resolves.toBeUndefined();
});

test('bytes that are gone, cut, or others are found', async () => {
  await writeFile(join(folder.path, key), 'abd');
  await expect(laws()).rejects.toThrow('law 5, a file row means durable bytes');
  await appendFile(join(folder.path, key), 'abd');
  await expect(laws()).rejects.toThrow('6 bytes instead of 3');
  await rm(join(folder.path, key));
  await expect(laws()).rejects.toThrow('no bytes');
});

test('bytes without a row, and bytes despite a receipt, are found', async () => {
  await admin.query('delete from file_registry.files');
  await expect(laws()).rejects.toThrow('law 4, no bytes without a row');
  await deletion(id, key, 'deleted');
  await expect(laws()).rejects.toThrow('a receipt means that the bytes are gone');
});

test('a file without reference or intent is found', async () => {
  await admin.query('delete from file_registry.deletion_outbox');
  await expect(laws()).rejects.toThrow('law 2, a file has a reference or an intent');
});

test('a condemned file is found', async () => {
  await deletion(id, key, 'condemned');
  await expect(laws()).rejects.toThrow(
    /law 3, a file is not condemned[^]*law 3, bytes of a file are not due/,
  );
});

test('a reference to nothing is found', async () => {
  await admin.query(
    `insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'article', '1', 'cover')`,
    [randomUUID()],
  );
  await expect(laws()).rejects.toThrow('law 1, a reference points at a file');
});

test('an adopted key that nobody keeps is found', async () => {
  await admin.query(`update file_registry.files set id = $1`, [randomUUID()]);
  await expect(laws()).rejects.toThrow('law 6, an adopted key is kept');
});

async function deletion(fileId: string, fileKey: string, state: string): Promise<void> {
  await admin.query(
    `insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at, deleted_at)
     values ($1, 'media', $2, 'upload', $3, case when $3 <> 'deleted' then now() end, case when $3 = 'deleted' then now() end)`,
    [fileId, fileKey, state],
  );
}

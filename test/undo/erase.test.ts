import { randomUUID } from 'node:crypto';
import type { FileTransaction, StoredFile } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor, db, pool } = registry;

function inTransaction<Result>(work: (files: FileTransaction) => Promise<Result>): Promise<Result> {
  return db.transaction().execute((trx) => work(files.in(trx)));
}

/** What storing a rendition will do: the original holds it by a reference. */
async function addRendition(original: StoredFile, size: string): Promise<StoredFile> {
  const rendition = await registry.store(size, `${size}.jpg`);
  await pool.query(
    `insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, $3)`,
    [rendition.id, original.id, `size=${size}`],
  );
  return rendition;
}

test('an erased file goes at once with its renditions, protected and shared or not', async () => {
  const original = await registry.store();
  const small = await addRendition(original, 'small');
  const smaller = await addRendition(small, 'smaller');
  await registry.attach(original, '1');
  await registry.attach(smaller, '2');
  await inTransaction((trx) => trx.protect([original, small]));

  const { erased } = await inTransaction((trx) => trx.erase(original));

  expect(erased.map(({ id, rendition }) => [id, rendition])).toEqual(
    [
      [original.id, false],
      [small.id, true],
      [smaller.id, true],
    ].toSorted(),
  );
  expect(await registry.hasBytes(original)).toBe(true);
  await processor.drain();
  for (const file of [original, small, smaller]) {
    expect(await registry.hasBytes(file)).toBe(false);
    expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', reason: 'erased' });
  }
  await registry.assertLaws();
});

test('an erasure that is rolled back erases nothing', async () => {
  const file = await registry.store();
  await registry.attach(file, '3');
  await expect(
    inTransaction(async (trx) => {
      await trx.erase(file);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  await processor.drain();
  expect(await files.count(file)).toBe(1);
  expect(await registry.hasBytes(file)).toBe(true);
});

test('a hold on the file or on a rendition of it refuses the erasure, and nothing changes', async () => {
  const original = await registry.store();
  const small = await addRendition(original, 'small');
  await registry.attach(original, '4');
  await inTransaction((trx) => trx.hold(small, 'matter'));

  await db.transaction().execute(async (trx) => {
    await expect(files.in(trx).erase(original)).rejects.toMatchObject({
      code: 'FILE_HELD',
      context: { fileIds: [small.id] },
    });
    await expect(
      files.in(trx).detach(original, { type: 'article', id: '4', slot: 'cover' }),
    ).resolves.toEqual({
      detached: 1,
    });
  });
});

test('a rendition can be erased alone; erasing twice changes nothing', async () => {
  const original = await registry.store();
  const small = await addRendition(original, 'small');
  await registry.attach(original, '5');

  expect((await inTransaction((trx) => trx.erase(small))).erased).toMatchObject([
    { id: small.id, rendition: false },
  ]);
  expect(await inTransaction((trx) => trx.erase(small))).toEqual({ erased: [] });
  await processor.drain();
  expect(await inTransaction((trx) => trx.erase([small]))).toEqual({ erased: [] });
  expect(await registry.hasBytes(original)).toBe(true);
  await registry.assertLaws();
});

test('erasing what never was is a mistake, and the transaction stays usable', async () => {
  const file = await registry.store();
  await db.transaction().execute(async (trx) => {
    await expect(files.in(trx).erase([file, randomUUID()])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(files.in(trx).attach(file, { type: 'article', id: '6', slot: 'cover' })).resolves.toEqual({
      attached: 1,
    });
  });
});

test('redaction takes the owners and the name out of the receipt, the key stays', async () => {
  const file = await registry.store('secret', 'jane-doe.jpg');
  await registry.attach(file, 'jane', 'portrait', 'person');
  await inTransaction((trx) => trx.erase(file, { redact: true }));

  expect(await registry.deletion(file)).toMatchObject({
    filename: null,
    key: file.key,
    last_owners: [{ type: 'person', id: null, slot: 'portrait' }],
  });
  await processor.drain();
  expect(await inTransaction((trx) => trx.redact(file))).toEqual({ redacted: 1 });
});

import { Test } from '@nestjs/testing';
import { CompiledQuery } from 'kysely';
import { FileRegistry, FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { afterAll, describe, expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { passTime } from '../support/pass-time.js';

const database = await createTestDatabase();
const admin = database.pool({ options: '-c default_transaction_isolation=read\\ committed' });

describe.for(['repeatable read', 'serializable'])('where the default isolation is %s', async (isolation) => {
  const role = await database.role();
  await admin.query(`grant usage on schema file_registry to ${role.name}`);
  await admin.query(`grant execute on all functions in schema file_registry to ${role.name}`);
  await admin.query(`alter role ${role.name} set default_transaction_isolation = '${isolation}'`);
  const db = database.kysely({ role });
  const media = await createTemporaryFolder('media');
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: db,
        storages: { media: localStorage({ root: media.path }) },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  await module.init();
  afterAll(() => module.close());
  const files = module.get(FileRegistry);
  const processor = module.get(OutboxProcessor);
  const cover = { type: 'article', id: 1, slot: isolation };

  test('files live, are attached, go, and their receipts are pruned', async () => {
    expect((await db.executeQuery(CompiledQuery.raw('show transaction_isolation'))).rows).toEqual([
      { transaction_isolation: isolation },
    ]);
    const [kept, gone] = [await files.store(Buffer.from('kept')), await files.store(Buffer.from('gone'))];
    await db.transaction().execute((trx) => files.in(trx).attach([kept, gone], cover));
    await db.transaction().execute((trx) => files.in(trx).replace(cover, kept));

    await passTime(admin, '25 hours');
    expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1, unsettled: 0 });
    expect(await media.files()).toEqual([kept.key]);
    expect(await files.filesOf(cover)).toMatchObject([{ id: kept.id }]);
    await passTime(admin, '31 days');
    expect((await processor.drain()).prunedReceipts).toBe(1);
    await assertLaws({ admin, storages: { media: media.path } });

    await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'article', id: 1 }));
    await passTime(admin, '25 hours');
    await processor.drain();
    expect(await media.files()).toEqual([]);
  });

  test('an upload that fails is given up at once', async () => {
    await expect(files.store(Buffer.from('too large'), { maxSizeBytes: 1 })).rejects.toMatchObject({
      code: 'CONTENT_TOO_LARGE',
    });
    const { rows } = await admin.query(`select state from file_registry.deletions where reason = 'upload'`);
    expect(rows).toEqual([{ state: 'abandoned' }]);
    await processor.drain();
    await passTime(admin, '2 hours');
    await processor.drain();
    await passTime(admin, '31 days');
    await processor.drain();
  });

  test.for([
    `settle('detached', 0, 10, '-infinity', 0)`,
    `claim_deletions('media', 10, gen_random_uuid(), 1000)`,
    `complete_deletions(gen_random_uuid(), '{}', 0)`,
    'prune_receipts(0, 10)',
  ])('a step of the processor that is called there is refused: %s', async (step) => {
    const client = await database.client({ role });
    await expect(client.query(`select file_registry.${step}`)).rejects.toMatchObject({
      code: '0A000',
      hint: expect.stringContaining('READ COMMITTED'),
    });
  });
});

import { Test } from '@nestjs/testing';
import { FileRegistry, FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { afterAll, describe, expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { passTime } from '../support/pass-time.js';
import { ScriptedMaker } from './support/scripted-maker.js';

const database = await createTestDatabase();
const admin = database.pool({ options: '-c default_transaction_isolation=read\\ committed' });

describe.for(['read committed', 'repeatable read', 'serializable'])(
  'on one connection whose default isolation is %s',
  async (isolation) => {
    const role = await database.role();
    await admin.query(`grant usage on schema file_registry to ${role.name}`);
    await admin.query(`grant execute on all functions in schema file_registry to ${role.name}`);
    await admin.query(`alter role ${role.name} set default_transaction_isolation = '${isolation}'`);
    const db = database.kysely({ role, max: 1 });
    const media = await createTemporaryFolder('media');
    const maker = new ScriptedMaker();
    const module = await Test.createTestingModule({
      imports: [
        FileRegistryModule.forRoot({
          database: db,
          storages: { media: localStorage({ root: media.path }) },
          processor: { enabled: false },
          gracePeriodMs: 0,
          renditions: { maker, sets: { list: ['size=1', 'size=2', 'filter=a;size=1'] } },
        }),
      ],
    }).compile();
    await module.init();
    afterAll(() => module.close());
    const files = module.get(FileRegistry);
    const processor = module.get(OutboxProcessor);

    test('renditions are made, stored, replaced, fail, and go with their original', async () => {
      const original = await files.store(Buffer.from('the original'));
      await db
        .transaction()
        .execute((trx) => files.in(trx).attach(original, { type: 'article', id: isolation, slot: 'cover' }));
      expect(await files.warm('list', [original])).toMatchObject({ made: 3, failed: 0 });
      const [one] = await Promise.all([
        files.rendition(original, 'size=3'),
        files.rendition(original, 'size=4'),
        files.storeRendition(original, 'size=1', Buffer.from('x')),
        files.storeRendition(original, 'size=1', Buffer.from('y')),
      ]);
      expect(await files.rendition(one, 'filter=b')).toMatchObject({ kind: 'filtered' });
      expect(await files.renditions(original)).toHaveLength(5);
      await db.transaction().execute((trx) => files.in(trx).deleteRenditions(original, 'filtered-sized'));

      maker.next(() => Promise.reject(new Error('no paint left')));
      for (let time = 0; time < 2; time++) {
        await expect(files.rendition(original, 'size=5')).rejects.toThrow('no paint left');
      }
      await expect(files.rendition(one.id.replace(/.$/, 'x'), 'size=1')).rejects.toMatchObject({
        code: 'INVALID_FILE_ID',
      });

      const waits = maker.nextWaits();
      const late = files.rendition(original, 'size=6').catch((error: unknown) => error);
      await waits.asked;
      await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'article', id: isolation }));
      await processor.drain();
      waits.answer({ content: Buffer.from('late') });
      expect(await late).toMatchObject({ code: 'FILE_CONDEMNED' });
      for (let pass = 0; pass < 3; pass++) {
        await passTime(admin, '25 hours');
        await processor.drain();
      }
      expect(await media.files()).toEqual([]);
      await assertLaws({ admin, storages: { media: media.path } });
    });
  },
);

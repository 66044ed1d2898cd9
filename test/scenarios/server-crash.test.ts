import { Test } from '@nestjs/testing';
import {
  FileRegistry,
  FileRegistryModule,
  localStorage,
  migrate,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { Pool } from 'pg';
import { expect, test } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { startPostgres } from '../support/start-postgres.js';

const media = await createTemporaryFolder('media');

test('a server that crashes right after a pass brings back no file whose bytes are gone', async () => {
  // As careless as a server can be, and so slow to write its log that a crash would lose what is not forced.
  const postgres = await startPostgres({
    settings: { synchronous_commit: 'off', wal_writer_delay: '10s', fsync: 'on' },
  });
  const pool = new Pool({ connectionString: postgres.connectionString });
  pool.on('error', () => {});
  try {
    await migrate(pool);
    const module = await Test.createTestingModule({
      imports: [
        FileRegistryModule.forRoot({
          database: pool,
          storages: { media: localStorage({ root: media.path }) },
          gracePeriodMs: 0,
          unattachedTtlMs: 0,
          processor: { enabled: false },
        }),
      ],
    }).compile();
    await module.init();
    const files = module.get(FileRegistry);
    const file = await files.store(Buffer.from('bytes'));
    await pool.query('checkpoint');

    expect(await module.get(OutboxProcessor).drain()).toMatchObject({ condemned: 1, deleted: 1 });
    await pool.query('create table public.lost ()'); // shows that a commit that nobody forces is lost here
    await postgres.crash();
    await postgres.start();

    expect((await pool.query("select to_regclass('public.lost') as lost")).rows).toEqual([{ lost: null }]);
    expect(await files.find(file)).toBeNull();
    expect(await media.files()).toEqual([]);
    await assertLaws({ admin: pool, storages: { media: media.path } });

    // A key that was reserved is known after a crash too, or what was written of it would be nobody's.
    await pool.query(
      "select file_registry.reserve(id, 'media', id::text, null, 60000) from gen_random_uuid() id",
    );
    await postgres.crash();
    await postgres.start();
    expect(await module.get(OutboxProcessor).stats()).toMatchObject({ reserved: 1 });
    await module.close();
  } finally {
    await pool.end();
    await postgres.stop();
  }
});

import { Test } from '@nestjs/testing';
import { FileRegistry, FileRegistryModule } from 'nestjs-file-registry';
import { drainAll, memoryStorage } from 'nestjs-file-registry/testing';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';

const database = (await createTestDatabase()).kysely(); // a migrated database of the test's own
const media = memoryStorage();
const app = await Test.createTestingModule({
  imports: [
    FileRegistryModule.forRoot({
      database,
      storages: { media },
      gracePeriodMs: 0, // what nobody holds goes with the next drain
      unattachedTtlMs: 0,
      processor: { enabled: false },
    }),
  ],
}).compile();
await app.init();
afterAll(() => app.close());

test('a person who is removed leaves no picture behind', async () => {
  const files = app.get(FileRegistry);
  const picture = await files.store(Buffer.from('picture'), { filename: 'ann.jpg' });
  const owner = { type: 'person', id: 1, slot: 'picture' };

  await database.transaction().execute((trx) => files.in(trx).attach(picture, owner));
  await drainAll(app);
  expect(media.keys()).toEqual([picture.key]);

  await database.transaction().execute((trx) => files.in(trx).detachAll({ type: 'person', id: 1 }));
  await drainAll(app);
  expect(media.keys()).toEqual([]);
});

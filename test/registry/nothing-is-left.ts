import { expect } from 'vitest';
import { assertLaws } from '../support/assert-laws.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import type { TestRegistry } from '../support/create-test-registry.js';

/** Lets every period pass, drains, and checks that neither rows nor bytes are left and that the laws hold. */
export async function expectNothingLeft(registry: TestRegistry, media: TemporaryFolder): Promise<void> {
  // Twice, because what an upload abandoned is deleted a second time one time-to-live later.
  for (const _ of ['what is due', 'the second pass over abandoned uploads']) {
    await registry.passTime('25 hours');
    await registry.processor.drain();
  }
  expect(await media.entries()).toEqual([]);
  expect(await registry.tables.selectFrom('files').select('id').execute()).toEqual([]);
  expect(
    await registry.tables.selectFrom('deletions').selectAll().where('state', '<>', 'deleted').execute(),
  ).toEqual([]);
  await assertLaws({ admin: registry.pool, storages: { media: media.path } });
}

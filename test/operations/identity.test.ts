import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ gracePeriodMs: 0 });
const { processor, pool } = registry;

const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
beforeEach(() => warn.mockClear());
afterEach(() => pool.query('update file_registry.settings set identity = null'));

async function detachedFile() {
  const file = await registry.store();
  await registry.attach(file, 'identity');
  await registry.detach(file, 'identity');
  return file;
}

/** What a dump restored elsewhere carries. */
async function pretendToBeACopy(identity: Record<string, unknown>): Promise<void> {
  await pool.query('update file_registry.settings set identity = identity || $1::jsonb', [
    JSON.stringify(identity),
  ]);
}

test.for([{ systemIdentifier: '1' }, { databaseOid: 1 }])(
  'a database whose rows came from another one (%j) deletes nothing until it takes ownership',
  async (identity) => {
    await processor.drain();
    await pretendToBeACopy(identity);
    const file = await detachedFile();

    expect(await processor.drain()).toMatchObject({ obstacle: 'foreign', condemned: 0, deleted: 0 });
    expect(await processor.drain()).toMatchObject({ obstacle: 'foreign' });
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]?.[0]).toMatch(/takeOwnership\(\).*"file_registry"\.take_ownership/);
    expect(await processor.stats()).toMatchObject({
      own: false,
      warnings: [expect.stringContaining('takeOwnership')],
    });
    expect(await registry.hasBytes(file)).toBe(true);

    await processor.takeOwnership();
    expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
    expect(await processor.stats()).toMatchObject({ own: true, warnings: [] });
  },
);

test('a pending deletion that was restored with a copy is not claimed, whoever asks for it', async () => {
  await processor.drain();
  const file = await detachedFile();
  await pool.query('delete from file_registry.files where id = $1', [file.id]);
  await pretendToBeACopy({ databaseOid: 1 });

  const { rows } = await pool.query(
    `select file_registry.claim_deletions('media', 10, gen_random_uuid(), 1000) as claimed`,
  );
  expect(rows).toEqual([{ claimed: [] }]);
});

test('a copy of the whole server is told by the name of its environment', async () => {
  const boot = async (environment: string) => {
    const module = await Test.createTestingModule({
      imports: [
        FileRegistryModule.forRoot({
          database: registry.db,
          storages: { media: localStorage({ root: registry.media.path }) },
          gracePeriodMs: 0,
          environment,
          processor: { enabled: false },
        }),
      ],
    }).compile();
    return module.get(OutboxProcessor);
  };
  const [production, staging] = [await boot('production'), await boot('staging')];
  await production.drain();
  const file = await detachedFile();

  expect(await staging.drain()).toMatchObject({ obstacle: 'foreign' });
  expect(await registry.hasBytes(file)).toBe(true);
  expect(await production.drain()).toMatchObject({ obstacle: null, deleted: 1 });
});

test('two processors that start on a new registry at once both find it their own', async () => {
  await detachedFile();
  const drained = await Promise.all([processor.drain(), processor.drain()]);
  expect(drained).toMatchObject([{ obstacle: null }, { obstacle: null }]);
  const { rows } = await Promise.all(
    Array.from({ length: 8 }, () => pool.query('select file_registry.obstacle(null) as obstacle')),
  ).then(([first]) => first!);
  expect(rows).toEqual([{ obstacle: null }]);
});

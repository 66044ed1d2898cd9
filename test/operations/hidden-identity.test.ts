import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ gracePeriodMs: 0 });
const { processor, pool, database } = registry;

const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);

// The schema of an owner that is no superuser, to whom the server's identifier can be hidden.
const owner = await database.role();
await pool.query(`alter function file_registry.current_identity(text) owner to ${owner.name}`);
const hide = () => pool.query('revoke execute on function pg_control_system() from public');
const show = () => pool.query('grant execute on function pg_control_system() to public');
const forget = () => pool.query('update file_registry.settings set identity = null');

async function pendingFile() {
  const file = await registry.store();
  await pool.query('delete from file_registry.files where id = $1', [file.id]);
  return file;
}

test('where the server hides its identifier, the database and the environment make the identity', async () => {
  await hide();
  await forget();
  await pendingFile();
  expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
  expect(await processor.stats()).toMatchObject({ own: true });
  await pool.query(`update file_registry.settings set identity = identity || '{"databaseOid": 1}'`);
  expect(await processor.drain()).toMatchObject({ obstacle: 'foreign' });
  await processor.takeOwnership();
  expect(await processor.drain()).toMatchObject({ obstacle: null });
});

test.for([
  { name: 'shown', before: hide, after: show },
  { name: 'hidden', before: show, after: hide },
])(
  'an identifier that is $name later could be that of a copy: nothing is deleted, and the message says why',
  async ({ before, after }) => {
    await before();
    await forget();
    await processor.drain();
    await after();
    const file = await pendingFile();
    warn.mockClear();

    expect(await processor.drain()).toMatchObject({ obstacle: 'foreign', deleted: 0 });
    expect(warn.mock.calls[0]?.[0]).toMatch(/pg_control_system\(\).*takeOwnership\(\)/);
    expect(await processor.stats()).toMatchObject({ own: false });
    expect(await registry.hasBytes(file)).toBe(true);

    await processor.takeOwnership();
    expect(await processor.drain()).toMatchObject({ obstacle: null, deleted: 1 });
  },
);

test('an environment that is named later is kept, and one of another name is told by stats as well', async () => {
  await processor.takeOwnership();
  const boot = async (environment: string) => {
    const module = await Test.createTestingModule({
      imports: [
        FileRegistryModule.forRoot({
          database: registry.db,
          storages: { media: localStorage({ root: registry.media.path }) },
          environment,
          processor: { enabled: false },
        }),
      ],
    }).compile();
    return module.get(OutboxProcessor);
  };
  const [production, staging] = [await boot('production'), await boot('staging')];
  expect(await staging.stats()).toMatchObject({ own: true });
  expect(await production.drain()).toMatchObject({ obstacle: null });
  expect(await staging.drain()).toMatchObject({ obstacle: 'foreign' });
  expect(await staging.stats()).toMatchObject({ own: false });
  expect(await production.stats()).toMatchObject({ own: true });
  expect(await processor.stats()).toMatchObject({ own: true });
});

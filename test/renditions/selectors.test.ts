import type { RenditionSelector, StoredFile } from 'nestjs-file-registry';
import { FileRegistry, formatRenditionSpec } from 'nestjs-file-registry';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { RESOLVED_OPTIONS } from '../../src/options/options-token.js';
import { Kysely, PostgresDialect } from 'kysely';
import { expect, test } from 'vitest';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry();
const { files } = registry;

const specs = [
  'filter=blur',
  'filter=gray',
  'filter=blur;size=10',
  'filter=gray;size=1',
  'filter=gray;size=10',
  'size=1',
  'size=10',
];

async function originalWithAll(): Promise<StoredFile> {
  const original = await registry.original();
  for (const spec of specs) await files.storeRendition(original, spec, Buffer.from(spec));
  return original;
}

const selections: [RenditionSelector, string[]][] = [
  ['all', specs.toSorted()],
  ['sized', ['size=1', 'size=10']],
  ['filtered', ['filter=blur', 'filter=gray']],
  ['filtered-sized', ['filter=blur;size=10', 'filter=gray;size=1', 'filter=gray;size=10']],
  [{ size: '1' }, ['size=1']],
  ['size=10', ['size=10']],
  [{ filter: 'gray' }, ['filter=gray']],
  [{ filter: 'gray', size: '1' }, ['filter=gray;size=1']],
  [{ part: { size: '10' } }, ['filter=blur;size=10', 'filter=gray;size=10', 'size=10']],
  [{ part: { filter: 'gray' } }, ['filter=gray', 'filter=gray;size=1', 'filter=gray;size=10']],
  [{ part: 'filter=gray;size=1' }, ['filter=gray;size=1']],
  [{ part: { size: '0' } }, []],
  [{ filter: 'blu' }, []],
];

test.for(selections)('%j selects %j', async ([selector, expected]) => {
  const [one, other] = [await originalWithAll(), await originalWithAll()];
  const texts = async (file: StoredFile, which?: RenditionSelector) =>
    (await files.renditions(file, which)).map(({ spec }) => formatRenditionSpec(spec));
  expect(await texts(one, selector)).toEqual(expected);

  expect(await registry.delete(one, selector)).toEqual({ detached: expected.length });
  expect(await registry.delete(one, selector)).toEqual({ detached: 0 });
  expect(await texts(one)).toEqual(specs.filter((spec) => !expected.includes(spec)).toSorted());
  expect(await texts(other)).toEqual(specs.toSorted());
});

test('many originals answer in the order asked for, one twice and one unknown', async () => {
  const [one, other] = [await registry.original(), await registry.original()];
  const small = await files.rendition(one, 'size=1');
  const unknown = { id: '01890000-0000-7000-8000-000000000000' };
  expect(await files.renditions([other, one, unknown, one])).toEqual([[], [small], [], [small]]);
  expect(await files.renditions([])).toEqual([]);
  expect(await registry.delete([one, other, one])).toEqual({ detached: 1 });
});

test('listing renditions and serving one that is there are one statement each', async () => {
  const original = await originalWithAll();
  const statements: string[] = [];
  const kysely = new Kysely({
    dialect: new PostgresDialect({ pool: registry.pool }),
    log: ({ query }) => void statements.push(query.sql),
  });
  const counted = new FileRegistry(
    registry.module.get(RESOLVED_OPTIONS),
    new RegistryDatabase(kysely, 'file_registry'),
  );
  await counted.renditions([original, original], { part: 'size=1' });
  expect(statements.splice(0)).toHaveLength(1);
  await counted.rendition(original, 'size=1');
  expect(statements).toEqual([expect.stringContaining('begin_rendition')]);
});

test('deleting renditions rolls back with the transaction, and waits for its grace period', async () => {
  const original = await registry.original();
  const small = await files.rendition(original, 'size=1');
  await expect(
    registry.db.transaction().execute(async (trx) => {
      expect(await files.in(trx).deleteRenditions(original)).toEqual({ detached: 1 });
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  expect(await files.renditions(original)).toEqual([small]);

  await registry.delete(original);
  expect(await files.renditions(original)).toEqual([]);
  await registry.db.transaction().execute((trx) => files.in(trx).restore(small));
  expect(await files.renditions(original)).toEqual([small]);
  await registry.delete(original);
  await registry.settleAll();
  expect(await registry.hasBytes(small)).toBe(false);
  expect(await registry.hasBytes(original)).toBe(true);
});

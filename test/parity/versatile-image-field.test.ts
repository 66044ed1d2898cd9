import { text } from 'node:stream/consumers';
import type { RenditionMaker, RenditionSelector, RenditionSpec, StoredFile } from 'nestjs-file-registry';
import { formatRenditionSpec } from 'nestjs-file-registry';
import { beforeEach, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

let made: string[];

const maker: RenditionMaker = {
  async make({ spec, read }) {
    made.push(formatRenditionSpec(spec));
    return { content: Buffer.from(`${await text(await read())}, ${formatRenditionSpec(spec)}`) };
  },
};

const parity = await createParityTest({ renditions: { maker } });
const { articles, registry } = parity;
const { files, db, media } = registry;

const specs = [
  'filter=grayscale',
  'filter=grayscale;size=crop-400x400',
  'filter=invert',
  'filter=invert;size=thumbnail-200x200',
  'size=crop-400x400',
  'size=thumbnail-200x200',
];

let original: StoredFile;

beforeEach(async () => {
  made = [];
  original = await registry.store('picture');
  await articles.publish(original);
  await parity.graceEnds();
});

const remove = (selector: RenditionSelector, of: StoredFile = original) =>
  db.transaction().execute((trx) => files.in(trx).deleteRenditions(of, selector));

async function makeAll(): Promise<Map<string, StoredFile>> {
  const all = new Map<string, StoredFile>();
  for (const spec of specs) all.set(spec, await files.rendition(original, spec));
  return all;
}

/** The specs that are left when the period is over, by their rows and by their bytes. */
async function left(all: Map<string, StoredFile>): Promise<string[]> {
  await parity.graceEnds();
  const listed = (await files.renditions(original, 'all')).map(({ spec }) => formatRenditionSpec(spec));
  const there: string[] = [];
  for (const [spec, file] of all) if (await parity.isThere(file)) there.push(spec);
  expect(listed.toSorted(), 'rows of references and bytes agree').toEqual(there.toSorted());
  expect(await parity.isThere(original), 'the original stays').toBe(true);
  return there.toSorted();
}

describe('VersatileImageField', () => {
  describe('one rendition is deleted', () => {
    test('its bytes and its row go, the others stay', async () => {
      const all = await makeAll();
      await remove({ size: 'crop-400x400' });
      expect(await files.renditions(original, { size: 'crop-400x400' }), 'at once').toEqual([]);
      expect(await left(all)).toEqual(specs.filter((spec) => spec !== 'size=crop-400x400'));
    });

    test('asked for again it is made anew', async () => {
      const spec: RenditionSpec = { size: 'crop-400x400', filter: 'invert' };
      const first = await files.rendition(original, spec);
      expect((await files.rendition(original, spec)).id, 'made once').toBe(first.id);
      expect(made).toHaveLength(1);

      await remove(spec);
      const second = await files.rendition(original, spec);
      expect(made).toHaveLength(2);
      expect(second.id).not.toBe(first.id);
      await parity.graceEnds();
      expect([await parity.isThere(first), await parity.isThere(second)]).toEqual([false, true]);
      expect(await text(await files.read(second))).toBe('picture, filter=invert;size=crop-400x400');
    });

    test('in a transaction that rolls back: it stays', async () => {
      const all = await makeAll();
      const rolledBack = db.transaction().execute(async (trx) => {
        await files.in(trx).deleteRenditions(original, 'all');
        throw new Error('roll back');
      });
      await expect(rolledBack).rejects.toThrow('roll back');
      expect(await left(all)).toEqual(specs);
    });
  });

  describe('a set of renditions is deleted: exactly that set goes, the original stays', () => {
    test.for<[string, RenditionSelector, (spec: string) => boolean]>([
      ['all sized', 'sized', (spec) => spec.startsWith('size=')],
      ['all filtered', 'filtered', (spec) => !spec.includes('size=')],
      ['all filtered and sized', 'filtered-sized', (spec) => spec.includes(';')],
      ['all', 'all', () => true],
      ['all of one size', { part: { size: 'crop-400x400' } }, (spec) => spec.endsWith('crop-400x400')],
      ['all of one filter', { part: { filter: 'invert' } }, (spec) => spec.startsWith('filter=invert')],
    ])('%s', async ([, selector, goes]) => {
      const all = await makeAll();
      const [other, bystander] = [await registry.store('another'), await registry.store('bystander')];
      await articles.publish(other);
      await articles.publish(bystander);
      const ofAnother = await files.rendition(other, 'size=crop-400x400');

      await remove(selector);
      expect(await left(all)).toEqual(specs.filter((spec) => !goes(spec)));
      expect(await parity.isThere(ofAnother), 'what another original holds').toBe(true);
      expect(await parity.isThere(bystander)).toBe(true);
    });
  });

  describe('nothing is there to delete', () => {
    test.for<[string, RenditionSelector]>([
      ['all', 'all'],
      ['a kind', 'sized'],
      ['a spec', { size: 'never-made' }],
      ['a part', { part: { filter: 'never-made' } }],
    ])('%s: no error', async ([, selector]) => {
      await remove(selector);
      await remove(selector);
      expect(await media.files()).toEqual([original.key]);
    });

    test('twice: no error', async () => {
      const all = await makeAll();
      await remove('all');
      await remove('all');
      expect(await left(all)).toEqual([]);
      await remove('all');
    });

    test('of an original that is gone: no error', async () => {
      const gone = await registry.store();
      await parity.graceEnds();
      expect(await parity.isThere(gone)).toBe(false);
      await remove('all', gone);
    });
  });
});

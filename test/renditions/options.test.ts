import {
  InvalidRenditionSpecError,
  localStorage,
  renditionDefaults,
  renditionLimits,
} from 'nestjs-file-registry';
import { Pool } from 'pg';
import { expect, test } from 'vitest';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const maker = { make: () => Promise.reject(new Error('never asked')) };

const resolve = (renditions: unknown) =>
  resolveOptions({
    database: new Pool(),
    storages: { media: localStorage({ root: './media' }) },
    renditions: renditions as object,
  }).renditions;

test('without options there is no maker, and the numbers are the defaults', () => {
  expect(resolve(undefined)).toEqual({
    ...renditionDefaults,
    maker: undefined,
    storage: undefined,
    sets: new Map(),
  });
  expect(resolve({ maker, storage: 'media', leaseMs: 1000 })).toMatchObject({
    maker,
    storage: 'media',
    leaseMs: 1000,
  });
});

test.for(Object.entries(renditionLimits))('%s stays within %j', ([name, [min, max]]) => {
  for (const value of [min, max]) expect(resolve({ [name]: value })).toMatchObject({ [name]: value });
  for (const value of [min - 1, max + 1, 1.5, '1000', Number.NaN]) {
    expect(() => resolve({ [name]: value })).toThrow(`renditions.${name}: expected a whole number`);
  }
});

test.for([
  ['sharp', 'renditions'],
  [{ maker: {} }, 'renditions.maker'],
  [{ maker: () => undefined }, 'renditions.maker'],
  [{ maker: { ...maker, check: 42 } }, 'renditions.maker'],
  [{ maker: null }, 'renditions.maker'],
  [{ sets: 'gallery' }, 'renditions.sets'],
  [{ sets: { gallery: 'size=1' } }, 'renditions.sets.gallery'],
  [{ sets: { gallery: [] } }, 'renditions.sets.gallery'],
  [{ sets: { gallery: Array(101).fill('size=1') } }, 'renditions.sets.gallery'],
  [{ sets: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, ['size=1']])) }, 'renditions.sets'],
] as const)('%j is refused as %s', ([options, option]) => {
  expect(() => resolve(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', context: expect.objectContaining({ option }) }),
  );
});

test('a set with a spec that is none, or that the maker does not know, is refused', () => {
  expect(() => resolve({ sets: { gallery: ['thumb'] } })).toThrow(InvalidRenditionSpecError);
  const refusing = {
    ...maker,
    check: () => {
      throw new InvalidRenditionSpecError('I know no such size.');
    },
  };
  expect(() => resolve({ maker: refusing, sets: { gallery: ['size=1'] } })).toThrow('I know no such size.');
});

test('an unknown storage is refused', () => {
  expect(() => resolve({ storage: 'nowhere' })).toThrow(expect.objectContaining({ code: 'UNKNOWN_STORAGE' }));
});

const registry = await createTestRegistry();

test('without a maker what is there is served, and for what is not the error says what to set', async () => {
  const original = await registry.store();
  const stored = await registry.files.storeRendition(original, 'size=1', Buffer.from('x'));
  expect(await registry.files.rendition(original, 'size=1')).toEqual(stored);
  await expect(registry.files.rendition(original, 'size=2')).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('renditions.maker'),
  });
});

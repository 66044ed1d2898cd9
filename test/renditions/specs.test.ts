import {
  formatRenditionSpec,
  kindOfRendition,
  type RenditionSpecArgument,
  toRenditionSpec,
} from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry();
const { files, maker } = registry;
const original = await registry.original();

test.for([
  [{ size: 'crop-400x400' }, 'size=crop-400x400', 'sized'],
  [{ filter: 'grayscale' }, 'filter=grayscale', 'filtered'],
  [{ size: '1x1', filter: 'blur,2.5@a+b_c' }, 'filter=blur,2.5@a+b_c;size=1x1', 'filtered-sized'],
  [
    { size: 'a'.repeat(120), filter: 'B'.repeat(120) },
    `filter=${'B'.repeat(120)};size=${'a'.repeat(120)}`,
    'filtered-sized',
  ],
  [{ size: 'constructor' }, 'size=constructor', 'sized'],
] as const)('%j is written %s and is %s', async ([spec, text, kind]) => {
  expect(formatRenditionSpec(spec)).toBe(text);
  expect(toRenditionSpec(text)).toEqual(spec);
  expect(kindOfRendition(text)).toBe(kind);
  const stored = await files.storeRendition(original, spec, Buffer.from('x'));
  expect(stored).toMatchObject({ spec, kind });
  expect(await files.rendition(original, text)).toEqual(stored);
});

const malformed: Record<string, unknown> = {
  'no part': {},
  nothing: null,
  'a number': 42,
  'an empty text': '',
  'a text without a part': 'thumb',
  'an empty part': { size: '' },
  'a part that is null': { size: null },
  'a part that is no text': { size: 400 },
  'a part that is misspelt': { size: '1x1', filtr: 'gray' },
  'a path separator': { size: '../../etc/passwd' },
  'a separator of Windows': { size: 'a\\b' },
  'a part that begins with a point': { size: '.hidden' },
  'a filter of 5,000 characters': { filter: 'f'.repeat(5000) },
  'a text of 5,000 characters': `filter=${'f'.repeat(5000)}`,
  'a filter of 121 characters': { filter: 'f'.repeat(121) },
  'a NUL': { size: 'a\0' },
  'a line break at the end': { size: 'a\n' },
  'a letter that is no ASCII': { size: 'größe' },
  'a part within a part': { size: '1;filter=2' },
  'parts in another order': 'size=1;filter=2',
  'a part twice': 'size=1;size=2',
  'a part that is unknown': 'colour=red',
  'the prototype as a text': '__proto__',
  'a part of a prototype that is no text': Object.create({ size: {} }),
  'a Map, which has a size': new Map([['size', 'a']]),
  'a list': ['size=1'],
};

test.for(Object.keys(malformed))('%s is refused before anything happens', async (name) => {
  const spec = malformed[name] as RenditionSpecArgument;
  const refused = { code: 'INVALID_RENDITION_SPEC', kind: 'usage' };
  expect(() => toRenditionSpec(spec)).toThrow(expect.objectContaining(refused));
  await expect(files.rendition(original, spec)).rejects.toMatchObject(refused);
  const content = new Blob(['x']).stream();
  await expect(files.storeRendition(original, spec, content)).rejects.toMatchObject(refused);
  await expect(files.renditions(original, spec)).rejects.toMatchObject(refused);
  await expect(files.renditions(original, { part: spec })).rejects.toMatchObject(refused);
  expect(maker.requests).toEqual([]);
  expect(await registry.leases()).toEqual([]);
});

test.for(['unknown', 'Sized', 'toString', '__proto__', 'filtered_sized', ''])(
  'the kind %j selects nothing and is refused',
  async (kind) => {
    await expect(files.renditions(original, kind)).rejects.toMatchObject({ code: 'INVALID_RENDITION_SPEC' });
    await expect(registry.delete(original, kind)).rejects.toMatchObject({ code: 'INVALID_RENDITION_SPEC' });
  },
);

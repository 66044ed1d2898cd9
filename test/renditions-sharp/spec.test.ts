import { sharpMaker } from 'nestjs-file-registry/sharp';
import { expect, test } from 'vitest';
import { makeRendition } from './make-rendition.js';

const refused = { code: 'INVALID_RENDITION_SPEC', kind: 'usage' };

test.each([
  'crop-1x1',
  'crop-10000x10000',
  'crop-400x300@0,1',
  'crop-400x300@0.123456,1.0',
  'thumbnail-16384x16384',
  'thumbnail-1x',
  'thumbnail-x1',
])('knows the size %s', (size) => {
  expect(() => sharpMaker().check?.({ size })).not.toThrow();
});

test.each([
  'invert',
  'grayscale+blur-0.3+flip+flop+rotate-90+rotate-180+rotate-270+webp-100',
  'blur-250',
  'png',
  'avif-1',
  'gif',
])('knows the filter %s', (filter) => {
  expect(() => sharpMaker().check?.({ filter })).not.toThrow();
});

test.each([
  'cut-400x300',
  'crop',
  'crop-400',
  'crop-400x',
  'crop-x300',
  'thumbnail-x',
  'crop-0x300',
  'crop-400x0',
  'crop-0400x300',
  'crop-16385x1',
  'crop-99999x1',
  'crop-16384x16384',
  'crop-4e2x300',
  'crop-400x300@0.5',
  'crop-400x300@1.1,0',
  'crop-400x300@-0.1,0',
  'crop-400x300@.5,.5',
  'crop-400x300@0.1234567,0',
  'thumbnail-400x300@0.5,0.5',
  'crop-400x300-1',
  'Crop-400x300',
])('refuses the size %s before anything is read', async (size) => {
  expect(() => sharpMaker().check?.({ size })).toThrow(expect.objectContaining(refused));
  const read = () => Promise.reject(new Error('was read'));
  await expect(makeRendition(Buffer.from('x'), { size }, { read })).rejects.toMatchObject(refused);
});

test.each([
  'sepia',
  'constructor',
  'invert+',
  '+invert',
  'invert++flip',
  'blur',
  'blur-0',
  'blur-0.29',
  'blur-250.1',
  'blur-1001',
  'blur-05',
  'blur-1e2',
  'blur-5-5',
  'rotate-45',
  'rotate-90-90',
  'invert-1',
  'webp+invert',
  'webp+png',
  'webp-0',
  'webp-101',
  'webp-080',
  'webp-',
  'gif-80',
  'tiff',
  'flip+flip+flip+flip+flip+flip+flip+flip+flip',
])('refuses the filter %s', (filter) => {
  expect(() => sharpMaker().check?.({ filter })).toThrow(expect.objectContaining(refused));
});

test('says what it knows instead', () => {
  expect(() => sharpMaker().check?.({ size: 'crop-0x1' })).toThrow(/crop-400x300@0\.25,0\.7/);
  expect(() => sharpMaker().check?.({ filter: 'sepia' })).toThrow(/sepia is no step.*grayscale/);
  expect(() => sharpMaker().check?.({ filter: 'png+flip' })).toThrow(/last step/);
});

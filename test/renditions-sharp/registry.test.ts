import { cropTo, sharpMaker } from 'nestjs-file-registry/sharp';
import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { drawMap } from './draw.js';
import { pixelsOf } from './make-rendition.js';

const registry = await createTestRegistry({ renditions: { maker: sharpMaker() } });
const { files } = registry;

afterEach(() => registry.assertLaws());

async function bytesOf(file: { id: string }): Promise<Buffer> {
  return Buffer.concat(await (await files.read(file)).toArray());
}

test('a rendition of a stored picture is made, stored, served, and goes with it', async () => {
  const bytes = await drawMap(80, 60).png().toBuffer();
  const photo = await files.store(bytes, {
    filename: 'map.png',
    metadata: { focalPoint: { x: 1, y: 0.5 } },
  });
  await registry.attach(photo, photo.id);

  const crop = await files.rendition(photo, { size: 'crop-40x60' });
  expect(crop).toMatchObject({
    kind: 'sized',
    contentType: 'image/png',
    filename: 'map.png',
    metadata: { width: 40, height: 60 },
  });
  expect((await pixelsOf(await bytesOf(crop))).at(0, 0)).toEqual([120, 0, 0]);

  const gray = await files.rendition(photo, {
    ...cropTo(20, 30, { x: 0, y: 0 }),
    filter: 'grayscale+webp-80',
  });
  expect(gray).toMatchObject({ kind: 'filtered-sized', contentType: 'image/webp', filename: 'map.webp' });
  expect((await sharp(await bytesOf(gray)).metadata()).format).toBe('webp');
  expect(await files.rendition(photo, 'size=crop-40x60')).toEqual(crop);

  await registry.db.transaction().execute((trx) => files.in(trx).erase(photo));
  expect(await files.find([photo, crop, gray])).toEqual([null, null, null]);
});

test('what is no image is reported as the reason, what is no spec before anything is done', async () => {
  const letter = await files.store(Buffer.from('a letter'), { filename: 'photo.jpg' });
  await expect(files.rendition(letter, cropTo(40, 30))).rejects.toMatchObject({
    code: 'RENDITION_FAILED',
    context: { code: 'INVALID_IMAGE' },
    cause: { code: 'INVALID_IMAGE', context: { reason: 'not-an-image' } },
  });
  await expect(files.rendition(letter, { filter: 'sepia' })).rejects.toMatchObject({
    code: 'INVALID_RENDITION_SPEC',
  });
  expect(await files.renditions(letter)).toEqual([]);
});

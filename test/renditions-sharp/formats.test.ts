import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { draw, drawFrames, drawNoise, green, red } from './draw.js';
import { makeRendition, pixelsOf } from './make-rendition.js';

const media = new URL('../../examples/media/', import.meta.url);
const size = 'thumbnail-40x40';
const noise = drawNoise(80, 60);
const animation = await drawFrames(40, 20, [() => red, () => green]).toBuffer();

describe('without a format in the spec', () => {
  test.each([
    ['jpeg', 'image/jpeg', 'photo.jpg'],
    ['png', 'image/png', 'photo.png'],
    ['webp', 'image/webp', 'photo.webp'],
    ['gif', 'image/gif', 'photo.gif'],
    ['avif', 'image/avif', 'photo.avif'],
    ['tiff', 'image/png', 'photo.png'],
  ] as const)('a %s is written as %s', async (format, contentType, filename) => {
    const bytes = await noise.clone().toFormat(format).toBuffer();
    const made = await makeRendition(bytes, { size }, { original: { filename: `photo.${format}` } });
    expect(made.contentType).toBe(contentType);
    expect(made.filename).toBe(format === 'jpeg' ? 'photo.jpeg' : filename);
    expect((await sharp(made.content).metadata()).mediaType).toBe(contentType);
  });

  test('an SVG is drawn as PNG, sharp at the size asked for', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="10"/></svg>',
    );
    const options = { maker: { svg: true }, original: { filename: 'logo.svg' } };
    const made = await makeRendition(svg, { size: 'crop-200x200' }, options);
    expect(made).toMatchObject({ contentType: 'image/png', filename: 'logo.png' });
    const { at } = await pixelsOf(made.content);
    expect([at(99, 100)[3], at(100, 100)[3]]).toEqual([255, 0]);
  });
});

describe('a format in the spec', () => {
  test.each([
    ['jpeg', 'image/jpeg', 'a.b.jpg'],
    ['webp-40', 'image/webp', 'a.b.webp'],
    ['png', 'image/png', 'a.b.png'],
    ['png-50', 'image/png', 'a.b.png'],
    ['avif-30', 'image/avif', 'a.b.avif'],
    ['gif', 'image/gif', 'a.b.gif'],
  ])('%s makes %s called %s', async (filter, contentType, filename) => {
    const bytes = await noise.clone().tiff().toBuffer();
    const made = await makeRendition(bytes, { size, filter }, { original: { filename: 'a.b.tif' } });
    expect(made).toMatchObject({ contentType, filename, metadata: { width: 40, height: 30 } });
    expect((await sharp(made.content).metadata()).mediaType).toBe(contentType);
  });

  test.each([
    [null, undefined],
    ['photo', 'photo.webp'],
    ['report.v2', 'report.v2.webp'],
    ['.jpg', '.jpg.webp'],
    ['photo.WEBP', 'photo.WEBP'],
    ['evil.png.exe', 'evil.png.webp'],
  ])('names what was called %j %j', async (before, after) => {
    const bytes = await noise.clone().png().toBuffer();
    const made = await makeRendition(bytes, { filter: 'webp' }, { original: { filename: before } });
    expect(made.filename).toBe(after);
  });

  test('has the quality of the spec, else of the option', async () => {
    const bytes = await noise.clone().png().toBuffer();
    const sizeOf = async (filter: string, jpeg?: number) => {
      const maker = jpeg === undefined ? {} : { quality: { jpeg } };
      return (await makeRendition(bytes, { filter }, { maker })).content.length;
    };
    expect(await sizeOf('jpeg')).toBe(await sizeOf('jpeg-80'));
    expect(await sizeOf('jpeg', 20)).toBe(await sizeOf('jpeg-20'));
    expect(await sizeOf('jpeg-20')).toBeLessThan(await sizeOf('jpeg-80'));
  });

  test('puts what is transparent on white where it is JPEG', async () => {
    const clear = await draw(20, 20, () => [0, 0, 0, 0])
      .png()
      .toBuffer();
    for (const filter of ['jpeg', 'invert+jpeg', 'blur-2+jpeg']) {
      const { content } = await makeRendition(clear, { filter });
      expect((await pixelsOf(content)).at(10, 10), filter).toEqual([255, 255, 255]);
    }
  });
});

describe('animations', () => {
  test.each(['gif', 'webp', 'grayscale+webp', 'invert+invert+gif'])(
    'stay animated as %s, with their times',
    async (filter) => {
      const { content } = await makeRendition(animation, { size: 'crop-10x10', filter });
      expect(await sharp(content).metadata()).toMatchObject({ pages: 2, delay: [100, 200], loop: 3 });
    },
  );

  test('show their first frame in other formats, and where the option says so', async () => {
    for (const [filter, animated] of [
      ['png', true],
      ['jpeg', true],
      ['webp', false],
    ] as const) {
      const { content } = await makeRendition(animation, { filter }, { maker: { animated } });
      expect((await sharp(content).metadata()).pages ?? 1).toBe(1);
      const [r = NaN, g = NaN] = (await pixelsOf(content)).at(5, 5);
      expect(r - g).toBeGreaterThan(200);
    }
  });
});

describe('what an original says about itself', () => {
  test('is left out: EXIF with its place, XMP, profiles', async () => {
    const bytes = await noise
      .clone()
      .withExif({ IFD0: { Copyright: 'somebody' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><a/></x:xmpmeta>')
      .withIccProfile('p3')
      .jpeg()
      .toBuffer();
    const before = await sharp(bytes).metadata();
    expect(before).toMatchObject({ exif: expect.any(Buffer), icc: expect.any(Buffer) });
    for (const filter of ['jpeg', 'webp', 'png', 'avif']) {
      const { content } = await makeRendition(bytes, { size, filter });
      const { exif, xmp, icc, orientation } = await sharp(content).metadata();
      expect({ exif, xmp, icc, orientation }, filter).toEqual({});
    }
  });

  test('is heeded: colours of another profile become those of sRGB', async () => {
    // The strongest red of Display P3 is out of reach of sRGB; without its profile the same numbers are a weaker one.
    const dull = await draw(20, 20, () => [200, 60, 60])
      .withIccProfile('p3', { attach: true })
      .png()
      .toBuffer();
    const raw = await sharp(dull, { ignoreIcc: true }).raw().toBuffer();
    expect(raw[0]).toBeLessThan(200);
    const { content } = await makeRendition(dull, { size: 'crop-4x4' });
    const [r = NaN, g = NaN] = (await pixelsOf(content)).at(2, 2);
    expect(Math.abs(r - 200)).toBeLessThan(4);
    expect(Math.abs(g - 60)).toBeLessThan(4);
  });

  test('CMYK and 16 bits a channel become what screens show', async () => {
    const cmyk = await draw(20, 20, () => red)
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    const deep = await draw(20, 20, () => red)
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    for (const bytes of [cmyk, deep]) {
      const { content } = await makeRendition(bytes, { size: 'crop-4x4', filter: 'png' });
      expect(await sharp(content).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar', channels: 3 });
      const [r = NaN, g = NaN] = (await pixelsOf(content)).at(2, 2);
      expect(r - g).toBeGreaterThan(150);
    }
  });
});

test.each(['dunes.webp', 'lake-at-dusk.jpg', 'misty-hills.jpg', 'northern-lights.png', 'compass-rose.svg'])(
  'makes something of %s',
  async (filename) => {
    const bytes = await readFile(new URL(filename, media));
    const options = { original: { filename }, maker: { svg: true } };
    const made = await makeRendition(bytes, { size: 'crop-64x48', filter: 'grayscale+webp-60' }, options);
    expect(made).toMatchObject({ contentType: 'image/webp', metadata: { width: 64, height: 48 } });
  },
);

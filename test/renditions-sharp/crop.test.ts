import { cropTo } from 'nestjs-file-registry/sharp';
import { describe, expect, test } from 'vitest';
import { blue, draw, drawFrames, drawMap, green, mapColour, red, white } from './draw.js';
import { makeRendition, pixelsOf } from './make-rendition.js';

const map = await drawMap(80, 60).png().toBuffer();

/** Where a crop of the map begins, read from its first pixel. */
async function cornerOf(size: string, metadata: Record<string, unknown> = {}) {
  const { content } = await makeRendition(map, { size }, { original: { metadata } });
  const { width, height, at } = await pixelsOf(content);
  const [r = NaN, g = NaN] = at(0, 0);
  return { width, height, left: r / 3, top: g / 4 };
}

describe('a crop', () => {
  test.each([
    ['crop-40x60', 20, 0, 'the centre'],
    ['crop-40x60@0.5,0.5', 20, 0, 'the centre, named'],
    ['crop-40x60@0.25,0.7', 0, 0, 'a point at a quarter'],
    ['crop-40x60@0.3,0', 4, 0, 'a point that moves it by four columns'],
    ['crop-40x60@0,0', 0, 0, 'the top left corner'],
    ['crop-40x60@1,1', 40, 0, 'the bottom right corner'],
    ['crop-80x30@0.5,0.6', 0, 21, 'a point that moves it down'],
    ['crop-80x30@1,1', 0, 30, 'the bottom'],
    ['crop-80x30@0,0', 0, 0, 'the top'],
    ['crop-80x60@0.9,0.9', 0, 0, 'anything, where all of it is wanted'],
  ])('%s is around %4$s', async (size, left, top) => {
    const [, width, height] = /(\d+)x(\d+)/.exec(size) ?? [];
    expect(await cornerOf(size)).toEqual({ width: Number(width), height: Number(height), left, top });
  });

  test('takes the focal point of the original, unless the spec has one', async () => {
    const metadata = { focalPoint: { x: 1, y: 0.5 } };
    expect(await cornerOf('crop-40x60', metadata)).toMatchObject({ left: 40 });
    expect(await cornerOf('crop-40x60@0,0.5', metadata)).toMatchObject({ left: 0 });
  });

  test.each([{ x: 50, y: 20 }, { x: '1', y: '1' }, { x: 1 }, { x: NaN, y: 1 }, [1, 1], 'right', null, 7])(
    'takes the centre where the original has %j for a focal point',
    async (focalPoint) => {
      expect(await cornerOf('crop-40x60', { focalPoint })).toMatchObject({ left: 20 });
    },
  );

  test('keeps the focal point inside at any size, shrunk and enlarged', async () => {
    const spot = (x: number, y: number) => (x >= 110 && y >= 70 ? red : white);
    const picture = await draw(120, 80, spot).png().toBuffer();
    for (const size of ['crop-30x30', 'crop-20x60', 'crop-90x10', 'crop-300x500', 'crop-500x20']) {
      const { content } = await makeRendition(picture, { size: `${size}@0.97,0.95` });
      const { width, height, at } = await pixelsOf(content);
      expect(`crop-${width}x${height}`).toBe(size);
      const [, g = NaN] = at(width - 1, height - 1);
      expect(g, size).toBeLessThan(60);
    }
  });

  test('keeps the ratio of what it shows', async () => {
    const disc = (x: number, y: number) => ((x - 100) ** 2 + (y - 50) ** 2 < 40 ** 2 ? red : white);
    const picture = await draw(200, 100, disc).png().toBuffer();
    const { content } = await makeRendition(picture, { size: 'crop-50x50' });
    const { at } = await pixelsOf(content);
    const reds = (pixels: number[][]) => pixels.filter(([, g = 0]) => g < 128).length;
    const across = reds(Array.from({ length: 50 }, (_, x) => at(x, 25)));
    const down = reds(Array.from({ length: 50 }, (_, y) => at(25, y)));
    expect(Math.abs(across - 40)).toBeLessThanOrEqual(1);
    expect(Math.abs(down - 40)).toBeLessThanOrEqual(1);
  });

  // For each orientation the pixel of the picture as shown that lies at x, y of the stored one; 80 by 60 as shown.
  const stored: Record<number, (x: number, y: number) => [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y) => [79 - x, y],
    3: (x, y) => [79 - x, 59 - y],
    4: (x, y) => [x, 59 - y],
    5: (x, y) => [y, x],
    6: (x, y) => [79 - y, x],
    7: (x, y) => [79 - y, 59 - x],
    8: (x, y) => [y, 59 - x],
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('sees a picture of EXIF orientation %i as it is shown', async (o) => {
    const [width, height] = o < 5 ? [80, 60] : [60, 80];
    const picture = await draw(width, height, (x, y) => mapColour(...(stored[o]?.(x, y) ?? [0, 0])))
      .withMetadata({ orientation: o })
      .png()
      .toBuffer();
    const { content } = await makeRendition(picture, { size: 'crop-40x30@0.9,0.6', filter: 'png' });
    const { at, ...size } = await pixelsOf(content);
    expect(size).toEqual({ width: 40, height: 30 });
    // Half of it in scale: none is cut off, and each pixel is the mean of four.
    const [r = NaN, g = NaN] = at(20, 15);
    expect(Math.abs(r / 3 - 40.5)).toBeLessThan(1.5);
    expect(Math.abs(g / 4 - 30.5)).toBeLessThan(1.5);

    const part = await makeRendition(picture, { size: 'crop-40x60@0.6,0.5', filter: 'png' });
    expect((await pixelsOf(part.content)).at(0, 0)).toEqual([...mapColour(28, 0)]);

    const turned = await makeRendition(picture, { filter: 'rotate-90' });
    // The bottom left corner as shown is the top left one then.
    expect((await pixelsOf(turned.content)).at(0, 0)).toEqual([...mapColour(0, 59)]);
  });

  test('cuts the same part out of each frame of an animation', async () => {
    const stripes = [red, green, blue].map((colour) => (x: number) => (x >= 30 ? colour : white));
    const animation = await drawFrames(40, 20, stripes).toBuffer();
    const { content, metadata } = await makeRendition(animation, { size: 'crop-10x20@1,0.5' });
    const { width, height, at } = await pixelsOf(content, 3);
    expect({ width, height, metadata }).toEqual({
      width: 10,
      height: 60,
      metadata: { width: 10, height: 20 },
    });
    for (const [index, colour] of [red, green, blue].entries()) {
      expect(at(0, index * 20).slice(0, 3)).toEqual([...colour]);
      expect(at(9, index * 20 + 19).slice(0, 3)).toEqual([...colour]);
    }
  });
});

describe('cropTo', () => {
  test('writes the spec', () => {
    expect(cropTo(400, 300)).toEqual({ size: 'crop-400x300' });
    expect(cropTo(400, 300, { x: 0.25, y: 0.7 })).toEqual({ size: 'crop-400x300@0.25,0.7' });
    expect(cropTo(4, 3, { x: 1 / 3, y: 0 })).toEqual({ size: 'crop-4x3@0.333,0' });
    expect(cropTo(4, 3, { x: 1e-9, y: 0.9999 })).toEqual({ size: 'crop-4x3@0,1' });
  });

  test.each([
    [0, 3, undefined],
    [1.5, 3, undefined],
    [4, 16_385, undefined],
    [NaN, 3, undefined],
    [4, 3, { x: 1.1, y: 0 }],
    [4, 3, { x: 0, y: -0.1 }],
  ])('refuses %j x %j around %j', (width, height, point) => {
    expect(() => cropTo(width, height, point)).toThrow(
      expect.objectContaining({ code: 'INVALID_RENDITION_SPEC' }),
    );
  });
});

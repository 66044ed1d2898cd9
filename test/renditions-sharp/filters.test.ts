import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { black, blue, type Colour, draw, drawFrames, drawMap, green, red, white } from './draw.js';
import { makeRendition, pixelsOf } from './make-rendition.js';

const map = await drawMap(80, 60).png().toBuffer();
/** Left half black, right half white. */
const edge = await draw(40, 40, (x) => (x < 20 ? black : white))
  .png()
  .toBuffer();

async function filtered(bytes: Buffer, filter: string, size?: string) {
  const { content } = await makeRendition(bytes, size === undefined ? { filter } : { filter, size });
  return pixelsOf(content);
}

describe('a filter', () => {
  test('invert turns each colour round and leaves transparency', async () => {
    expect((await filtered(map, 'invert')).at(10, 20)).toEqual([225, 175, 255]);
    const glass = await draw(4, 4, () => [255, 0, 10, 128])
      .png()
      .toBuffer();
    expect((await filtered(glass, 'invert')).at(1, 1)).toEqual([0, 255, 245, 128]);
  });

  test('grayscale leaves no colour', async () => {
    const { at } = await filtered(map, 'grayscale');
    const [r, g, b] = at(60, 30);
    expect(new Set([r, g, b].filter((value) => value !== undefined)).size).toBe(1);
    const dark = (await filtered(edge, 'grayscale')).at(0, 0);
    expect(dark[0]).toBe(0);
  });

  test('blur softens an edge, more with a greater radius', async () => {
    const step = async (filter: string) => {
      const { at } = await filtered(edge, filter);
      return (at(20, 20)[0] ?? NaN) - (at(19, 20)[0] ?? NaN);
    };
    const [little, much] = [await step('blur-1'), await step('blur-5.5')];
    expect(little).toBeLessThan(255);
    expect(much).toBeLessThan(little);
    expect(much).toBeGreaterThan(0);
  });

  test('flip, flop and rotate move pixels', async () => {
    expect((await filtered(map, 'flip')).at(3, 0)).toEqual([9, 59 * 4, 0]);
    expect((await filtered(map, 'flop')).at(0, 3)).toEqual([79 * 3, 12, 0]);
    const turned = await filtered(map, 'rotate-90');
    expect([turned.width, turned.height]).toEqual([60, 80]);
    expect(turned.at(59, 0)).toEqual([0, 0, 0]);
    expect((await filtered(map, 'rotate-180')).at(0, 0)).toEqual([79 * 3, 59 * 4, 0]);
    expect((await filtered(map, 'rotate-270')).at(0, 79)).toEqual([0, 0, 0]);
  });

  test('comes after the size', async () => {
    const { width, height, at } = await filtered(map, 'flop', 'crop-40x60@0,0');
    expect([width, height]).toEqual([40, 60]);
    expect(at(0, 0)).toEqual([39 * 3, 0, 0]);
    expect((await filtered(map, 'invert', 'crop-40x60@1,0')).at(0, 0)).toEqual([255 - 120, 255, 255]);
  });

  test('has its steps in their order', async () => {
    // A quarter turn and a mirror do not commute.
    expect((await filtered(map, 'rotate-90+flop')).at(0, 0)).toEqual([0, 0, 0]);
    expect((await filtered(map, 'flop+rotate-90')).at(0, 0)).toEqual([79 * 3, 59 * 4, 0]);
    // Nor do the lightness of a colour and its opposite: blue is dark, and so its gray inverted is light.
    const sea = await draw(4, 4, () => blue)
      .png()
      .toBuffer();
    const [grayFirst = NaN] = (await filtered(sea, 'grayscale+invert')).at(0, 0);
    const [invertedFirst = NaN] = (await filtered(sea, 'invert+grayscale')).at(0, 0);
    expect(grayFirst).toBeLessThan(200);
    expect(invertedFirst).toBeGreaterThan(230);
  });

  test('may repeat a step', async () => {
    expect((await filtered(map, 'invert+invert')).at(10, 20)).toEqual([30, 80, 0]);
    expect((await filtered(map, 'flip+flip+rotate-90+rotate-270')).at(10, 20)).toEqual([30, 80, 0]);
  });

  test('of several stages keeps transparency', async () => {
    const glass = await draw(40, 40, () => [200, 100, 50, 128])
      .png()
      .toBuffer();
    const { at } = await filtered(glass, 'invert+flip+invert+flip', 'crop-10x20');
    const [r = NaN, g = NaN, b = NaN, alpha] = at(5, 5);
    // Resizing multiplies with the opacity and divides again, which rounds.
    expect(Math.max(Math.abs(r - 200), Math.abs(g - 100), Math.abs(b - 50))).toBeLessThanOrEqual(2);
    expect(alpha).toBe(128);
  });

  test.each(['invert+flip+invert', 'invert+invert', 'flip+blur-0.3'])(
    'of several stages takes 16 bits a channel: %s',
    async (filter) => {
      const deep = await draw(8, 8, () => [200, 100, 50])
        .toColourspace('rgb16')
        .png()
        .toBuffer();
      expect((await sharp(deep).metadata()).depth).toBe('ushort');
      const { at } = await filtered(deep, filter);
      expect(at(4, 4)).toEqual([200, 100, 50]);
    },
  );

  test('works on each frame of an animation by itself', async () => {
    const top: (colour: Colour) => (x: number, y: number) => Colour = (colour) => (_, y) =>
      y < 10 ? colour : black;
    const animation = await drawFrames(20, 20, [top(red), top(green), top(blue)]).toBuffer();

    const { content } = await makeRendition(animation, { filter: 'flip+rotate-180' });
    const { height, at } = await pixelsOf(content, 3);
    expect(height).toBe(60);
    for (const [index, colour] of [red, green, blue].entries()) {
      expect(at(0, index * 20).slice(0, 3)).toEqual([...colour]);
      expect(at(0, index * 20 + 19).slice(0, 3)).toEqual([...black]);
    }
    expect(await sharp(content, { animated: true }).metadata()).toMatchObject({
      pages: 3,
      delay: [100, 200, 300],
      loop: 3,
    });

    const blurred = await makeRendition(animation, { filter: 'blur-2+webp-100' });
    const soft = await pixelsOf(blurred.content, 3);
    // The green of the second frame's top does not shine through the bottom of the first.
    expect(soft.at(10, 19)[1]).toBeLessThan(10);
  });
});

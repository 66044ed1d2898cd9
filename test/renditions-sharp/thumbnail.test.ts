import { expect, test } from 'vitest';
import { drawFrames, drawNoise, green, red } from './draw.js';
import { makeRendition } from './make-rendition.js';

const picture = await drawNoise(800, 400).jpeg().toBuffer();

test.each([
  ['thumbnail-400x300', 400, 200],
  ['thumbnail-400x100', 200, 100],
  ['thumbnail-400x', 400, 200],
  ['thumbnail-x100', 200, 100],
  ['thumbnail-800x400', 800, 400],
  ['thumbnail-2000x1000', 800, 400],
  ['thumbnail-2000x', 800, 400],
  ['thumbnail-x2000', 800, 400],
  ['thumbnail-1x1', 1, 1],
])('%s fits 800x400 into it, keeps the ratio, and never enlarges', async (size, width, height) => {
  const { content, metadata } = await makeRendition(picture, { size });
  expect(metadata).toEqual({ width, height });
  expect(content.length).toBeGreaterThan(0);
});

test('a picture that is shown upright is fitted as it is shown', async () => {
  const turned = await drawNoise(800, 400).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect(await makeRendition(turned, { size: 'thumbnail-x200' })).toMatchObject({
    metadata: { width: 100, height: 200 },
  });
});

test('an animation is fitted frame by frame', async () => {
  const animation = await drawFrames(40, 20, [() => red, () => green]).toBuffer();
  expect(await makeRendition(animation, { size: 'thumbnail-20x20' })).toMatchObject({
    metadata: { width: 20, height: 10 },
  });
});

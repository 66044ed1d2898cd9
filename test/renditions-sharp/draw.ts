import sharp, { type Sharp } from 'sharp';

export type Colour = readonly [red: number, green: number, blue: number, alpha?: number];

export const red: Colour = [255, 0, 0];
export const green: Colour = [0, 255, 0];
export const blue: Colour = [0, 0, 255];
export const white: Colour = [255, 255, 255];
export const black: Colour = [0, 0, 0];

/** A picture whose pixels are what `colourAt` says. */
export function draw(width: number, height: number, colourAt: (x: number, y: number) => Colour): Sharp {
  const { bytes, channels } = rawPixels(width, height, colourAt);
  return sharp(bytes, { raw: { width, height, channels } });
}

/** Each pixel's red says its column, three a step, and its green its row, four a step. At most 85 by 63. */
export function drawMap(width: number, height: number): Sharp {
  return draw(width, height, mapColour);
}

export function mapColour(x: number, y: number): Colour {
  return [x * 3, y * 4, 0];
}

/** An animated GIF of frames that each have colours of their own. */
export function drawFrames(
  width: number,
  height: number,
  frames: readonly ((x: number, y: number) => Colour)[],
): Sharp {
  const bytes = Buffer.concat(frames.map((colourAt) => rawPixels(width, height, colourAt).bytes));
  const raw = { width, height: height * frames.length, channels: 3 as const, pageHeight: height };
  return sharp(bytes, { raw }).gif({ delay: frames.map((_, index) => 100 * (index + 1)), loop: 3 });
}

/** Noise, which no format makes small. */
export function drawNoise(width: number, height: number): Sharp {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width, height, channels: 3, background: '#808080', noise } });
}

function rawPixels(width: number, height: number, colourAt: (x: number, y: number) => Colour) {
  const channels: 3 | 4 = colourAt(0, 0).length === 4 ? 4 : 3;
  const bytes = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      bytes.set(colourAt(x, y) as readonly number[], (y * width + x) * channels);
    }
  }
  return { bytes, channels };
}

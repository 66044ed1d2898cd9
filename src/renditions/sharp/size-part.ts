import { InvalidRenditionSpecError } from '../../errors/invalid-rendition-spec-error.js';
import type { FocalPoint } from './focal-point.js';

/** What the size part of a spec says, in pixels. */
export type Size =
  | {
      readonly kind: 'crop';
      readonly width: number;
      readonly height: number;
      /** Undefined: the original's own. */
      readonly focalPoint: FocalPoint | undefined;
    }
  | { readonly kind: 'thumbnail'; readonly width: number | undefined; readonly height: number | undefined };

/** WebP and AVIF end there, and nobody's screen is wider. */
const sideMax = 16_384;

/** No leading zeros: specs are compared byte by byte, and each spelling would be a rendition of its own. */
const side = '[1-9]\\d{0,4}';
const part = '0(?:\\.\\d{1,6})?|1(?:\\.0{1,6})?';
const crop = new RegExp(`^crop-(?<width>${side})x(?<height>${side})(?:@(?<x>${part}),(?<y>${part}))?$`);
const thumbnail = new RegExp(`^thumbnail-(?<width>${side})?x(?<height>${side})?$`);

/** @throws InvalidRenditionSpecError */
export function parseSize(text: string): Size {
  const [cut, fitted] = [crop.exec(text)?.groups, thumbnail.exec(text)?.groups];
  const { width, height } = { ...cut, ...fitted };
  if (width === undefined && height === undefined) {
    throw unknown(text);
  }
  const [widthPixels, heightPixels] = [pixels(text, width), pixels(text, height)];
  if (cut === undefined || widthPixels === undefined || heightPixels === undefined) {
    return { kind: 'thumbnail', width: widthPixels, height: heightPixels };
  }
  const focalPoint = cut.x === undefined ? undefined : { x: Number(cut.x), y: Number(cut.y) };
  return { kind: 'crop', width: widthPixels, height: heightPixels, focalPoint };
}

function pixels(text: string, digits: string | undefined): number | undefined {
  if (Number(digits) > sideMax) {
    throw unknown(text);
  }
  return digits === undefined ? undefined : Number(digits);
}

function unknown(size: string): InvalidRenditionSpecError {
  return new InvalidRenditionSpecError(
    `${size} is no size that sharpMaker knows. Sizes are crop-400x300, crop-400x300@0.25,0.7 (a focal point, parts from 0 to 1), thumbnail-400x300, thumbnail-400x and thumbnail-x300, with sides of 1 to ${sideMax} pixels without leading zeros.`,
    { context: { size, sideMax } },
  );
}

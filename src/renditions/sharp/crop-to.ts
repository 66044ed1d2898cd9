import { InvalidRenditionSpecError } from '../../errors/invalid-rendition-spec-error.js';
import type { RenditionSpec } from '../rendition-spec.js';
import { type FocalPoint, isFocalPoint } from './focal-point.js';
import { parseSize } from './size-part.js';

/** A thousandth of a side; finer steps would make renditions that nobody can tell apart. */
const digits = 3;

/**
 * The spec of a picture cut to exactly this size in pixels, around the focal point: for applications that keep the point in
 * rows of their own, where editors may move it. Without one the original's `metadata.focalPoint` counts, or the centre.
 *
 * ```ts
 * const spec = { ...cropTo(400, 300, { x: 0.25, y: 0.7 }), filter: 'webp-80' }; // size: 'crop-400x300@0.25,0.7'
 * ```
 *
 * @throws InvalidRenditionSpecError for a side outside of 1 to 16384 or a point outside of the picture
 */
export function cropTo(
  width: number,
  height: number,
  focalPoint?: FocalPoint,
): RenditionSpec & { size: string } {
  if (focalPoint !== undefined && !isFocalPoint(focalPoint)) {
    throw new InvalidRenditionSpecError(
      'A focal point is { x, y }, two numbers from 0 to 1: parts of the width and the height from the top left.',
      { context: { focalPoint } },
    );
  }
  const at = focalPoint === undefined ? '' : `@${rounded(focalPoint.x)},${rounded(focalPoint.y)}`;
  const size = `crop-${width}x${height}${at}`;
  parseSize(size);
  return { size };
}

function rounded(part: number): number {
  return Number(part.toFixed(digits));
}

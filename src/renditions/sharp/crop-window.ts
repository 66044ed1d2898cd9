import type { FocalPoint } from './focal-point.js';

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** A picture is scaled to `scaled`, and the wanted size is cut out at `left` and `top`. All in pixels. */
export interface CropWindow {
  readonly scaled: Sides;
  readonly left: number;
  readonly top: number;
}

/**
 * The largest part of the picture that has the wanted ratio, with the focal point in its middle, or as near to it as the edges
 * allow.
 *
 * It is scaled first and cut afterwards: the window is then exact to a pixel of the result, and decoders that can read a
 * smaller picture do.
 */
export function cropWindow(picture: Sides, wanted: Sides, focalPoint: FocalPoint): CropWindow {
  const scale = Math.max(wanted.width / picture.width, wanted.height / picture.height);
  const scaled = {
    width: Math.max(wanted.width, Math.round(picture.width * scale)),
    height: Math.max(wanted.height, Math.round(picture.height * scale)),
  };
  return {
    scaled,
    left: offset(scaled.width, wanted.width, focalPoint.x),
    top: offset(scaled.height, wanted.height, focalPoint.y),
  };
}

function offset(whole: number, wanted: number, focus: number): number {
  return Math.min(Math.max(0, Math.round(focus * whole - wanted / 2)), whole - wanted);
}

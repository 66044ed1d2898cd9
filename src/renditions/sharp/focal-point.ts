/** The point of a picture that a crop must show, as parts of its width and height from the top left, 0 to 1, as it is shown. */
export interface FocalPoint {
  readonly x: number;
  readonly y: number;
}

export const centre: FocalPoint = { x: 0.5, y: 0.5 };

export function isFocalPoint(value: unknown): value is FocalPoint {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { x, y } = value as Record<keyof FocalPoint, unknown>;
  return isPart(x) && isPart(y);
}

function isPart(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

import { InvalidImageError } from '../../errors/invalid-image-error.js';
import { RenditionFailedError } from '../../errors/rendition-failed-error.js';
import type { StoredFile } from '../../registry/stored-file.js';

/** What is wrong with an image, in `context.reason` of the error. */
export type ImageFault =
  'empty' | 'not-an-image' | 'svg' | 'damaged' | 'too-many-pixels' | 'too-many-bytes' | 'not-writable';

const quotedMax = 200;

export function invalidImage(
  { id, filename }: StoredFile,
  reason: ImageFault,
  what: string,
  context: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): InvalidImageError {
  return new InvalidImageError(`The file ${id} (${filename ?? 'without a name'}) ${what}.`, {
    context: { fileId: id, reason, ...context },
    cause,
  });
}

/** What sharp said while it read the header. */
export function headerError(original: StoredFile, error: unknown): Error {
  const said = quote(error);
  return /unsupported image format/.test(said)
    ? invalidImage(original, 'not-an-image', 'is no image that sharp can read', {}, error)
    : invalidImage(original, 'damaged', `is a damaged or truncated image: ${said}`, {}, error);
}

/** What sharp said while it read or wrote pixels. */
export function pixelError(original: StoredFile, error: unknown, timeoutSeconds: number): Error {
  const said = quote(error);
  if (said.startsWith('timeout')) {
    return new RenditionFailedError(
      `A rendition of the file ${original.id} was not made within ${timeoutSeconds} seconds. Ask for less, or raise timeoutSeconds of sharpMaker.`,
      { context: { fileId: original.id, timeoutSeconds }, cause: error },
    );
  }
  return /too large for the/i.test(said)
    ? invalidImage(original, 'not-writable', `cannot be written: ${said}`, {}, error)
    : invalidImage(original, 'damaged', `is a damaged or truncated image: ${said}`, {}, error);
}

function quote(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.slice(0, quotedMax);
}

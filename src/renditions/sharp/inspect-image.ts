import sharp, { type Metadata } from 'sharp';
import type { StoredFile } from '../../registry/stored-file.js';
import { headerError, invalidImage } from './image-error.js';
import type { SharpMakerSettings } from './sharp-maker-options.js';

/** What the header of an image says, as far as renditions need it. */
export interface ImageHeader {
  /** In pixels, as the picture is shown: turned as its EXIF orientation says. */
  readonly width: number;
  readonly height: number;
  /** Those of an animation. 1 for everything else, pages of a document included. */
  readonly frames: number;
  readonly metadata: Metadata;
}

/**
 * Reads the header only, and refuses before a pixel is decoded what is no image, is empty, or says that it has more pixels than
 * allowed.
 *
 * @throws InvalidImageError
 */
export async function inspectImage(
  original: StoredFile,
  bytes: Buffer,
  { svg, animated }: Pick<SharpMakerSettings, 'svg' | 'animated'>,
): Promise<ImageHeader> {
  if (bytes.length === 0) {
    throw invalidImage(original, 'empty', 'is empty, and so no image');
  }
  if (!svg && mayBeSvg(bytes)) {
    throw svgRefused(original);
  }
  const metadata = await readHeader(original, bytes);
  if (!svg && metadata.format === 'svg') {
    throw svgRefused(original);
  }
  const isAnimated = animated && (metadata.format === 'gif' || metadata.format === 'webp');
  return {
    width: metadata.autoOrient.width,
    height: metadata.autoOrient.height,
    frames: isAnimated ? (metadata.pages ?? 1) : 1,
    metadata,
  };
}

function svgRefused(original: StoredFile): Error {
  return invalidImage(
    original,
    'svg',
    'is no image of pixels and could only be an SVG, which sharpMaker reads with { svg: true }',
  );
}

async function readHeader(original: StoredFile, bytes: Buffer): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw headerError(original, error);
  }
}

/**
 * Whether libvips might take it for an SVG: gzip, or `<` behind a byte order mark and white space, in UTF-8 or UTF-16. Asked
 * before libvips is: sizing an SVG of a kilobyte can take it seconds. No other image begins so.
 */
function mayBeSvg(bytes: Buffer): boolean {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const beginning = bytes.toString('latin1', 0, 1000).replaceAll('\0', '');
  return isGzip || /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*</.test(beginning);
}

/** @throws InvalidImageError */
export function checkPixels(
  original: StoredFile,
  what: string,
  size: { readonly width: number; readonly height: number; readonly frames: number },
  limit: 'maxInputPixels' | 'maxOutputPixels',
  max: number,
): void {
  const pixels = size.width * size.height * size.frames;
  if (pixels > max) {
    const frames = size.frames === 1 ? '' : ` in ${size.frames} frames`;
    throw invalidImage(
      original,
      'too-many-pixels',
      `${what} ${size.width}x${size.height} pixels${frames}, more than the ${max} that ${limit} of sharpMaker allows`,
      { pixels, [limit]: max },
    );
  }
}

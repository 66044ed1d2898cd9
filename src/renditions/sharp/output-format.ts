import mime from 'mime-types';
import type { Metadata, Sharp } from 'sharp';

/** The formats that renditions are written in: those that browsers show. */
const formats = {
  jpeg: { contentType: 'image/jpeg', extension: '.jpg', quality: true },
  webp: { contentType: 'image/webp', extension: '.webp', quality: true },
  avif: { contentType: 'image/avif', extension: '.avif', quality: true },
  png: { contentType: 'image/png', extension: '.png', quality: true },
  gif: { contentType: 'image/gif', extension: '.gif', quality: false },
} as const;

export type OutputFormat = keyof typeof formats;

/** How a rendition is written. */
export interface Encoding {
  readonly format: OutputFormat;
  readonly quality: number | undefined;
  /** Milliseconds of each frame, where it is animated. */
  readonly delay: number[] | undefined;
  readonly loop: number | undefined;
}

export function isOutputFormat(name: string): name is OutputFormat {
  return Object.hasOwn(formats, name);
}

export function takesQuality(format: OutputFormat): boolean {
  return formats[format].quality;
}

export function isAnimatable(format: OutputFormat): boolean {
  return format === 'gif' || format === 'webp';
}

/** The original's own format where renditions are written in it; PNG for the others, which loses nothing. */
export function formatLike({ format, compression }: Pick<Metadata, 'format' | 'compression'>): OutputFormat {
  const name = format === 'heif' && compression === 'av1' ? 'avif' : format;
  return name !== undefined && isOutputFormat(name) ? name : 'png';
}

export function contentTypeOf(format: OutputFormat): string {
  return formats[format].contentType;
}

/** The original's name with the extension of the format: `photo.heic` becomes `photo.png`. Other names get it added. */
export function filenameFor(original: string | null, format: OutputFormat): string | undefined {
  if (original === null) {
    return undefined;
  }
  const type = mime.lookup(original);
  if (type === contentTypeOf(format)) {
    return original;
  }
  const dot = original.lastIndexOf('.');
  const stem = type !== false && dot > 0 ? original.slice(0, dot) : original;
  return stem + formats[format].extension;
}

export function encode(image: Sharp, { format, quality, delay, loop }: Encoding): Sharp {
  const lossy = quality === undefined ? {} : { quality };
  const animation = delay === undefined ? {} : { delay, loop: loop ?? 0 };
  switch (format) {
    case 'jpeg':
      return image.jpeg(lossy);
    case 'webp':
      return image.webp({ ...lossy, ...animation });
    case 'avif':
      return image.avif(lossy);
    case 'png':
      return image.png(lossy);
    case 'gif':
      return image.gif(animation);
  }
}

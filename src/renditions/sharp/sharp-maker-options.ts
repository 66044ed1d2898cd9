import { availableParallelism } from 'node:os';
import { invalidOption } from '../../options/invalid-option.js';
import { refuseUnknownOptions } from '../../options/refuse-unknown-options.js';
import { wholeNumber } from '../../options/whole-number.js';

/** Options of `sharpMaker`. */
export interface SharpMakerOptions {
  /**
   * The most pixels an original may have, all frames of an animation together. Its header is asked before anything is decoded:
   * a file of a kilobyte can unfold to gigabytes. Default: 100,000,000, which cameras stay below. Limits: 1 to 10,000,000,000.
   */
  readonly maxInputPixels?: number | undefined;

  /**
   * The most pixels a resized picture may have, all frames together, and what a crop cuts away included: a crop enlarges.
   * Default: 100,000,000. Limits: 1 to 10,000,000,000.
   */
  readonly maxOutputPixels?: number | undefined;

  /** The largest original in bytes; it is held in memory. Default: 100 MiB. Limits: 1 byte to 1 GiB. */
  readonly maxInputSizeBytes?: number | undefined;

  /**
   * Renditions that this maker works on at a time. Each may need some bytes for every pixel, and one of the threads that
   * Node also reads files with. Default: as many as processors, at most 4. Limits: 1 to 64.
   */
  readonly concurrency?: number | undefined;

  /** Renditions that wait for their turn; more are refused with `RENDITION_BUSY`. Default: 1,000. Limits: 0 to 100,000. */
  readonly queueMax?: number | undefined;

  /**
   * After how long libvips stops working on one rendition, in seconds because that is what it counts in. A step it is in the
   * middle of ends first; SVGs do not heed it. Default: 30. Limits: 1 to 3,600.
   */
  readonly timeoutSeconds?: number | undefined;

  /** The quality where the spec names none. */
  readonly quality?: QualityOptions | undefined;

  /**
   * Whether GIF and WebP stay animated when they are written as GIF or WebP. Otherwise the first frame is the picture.
   * Default: true.
   */
  readonly animated?: boolean | undefined;

  /**
   * Whether SVGs are taken, and drawn as PNG. A small one can be made to keep a processor busy for minutes, which nothing stops, so
   * take only those of people you trust. Default: false.
   */
  readonly svg?: boolean | undefined;
}

/** From 1 to 100. PNG has none: it is written without loss unless a spec asks for `png-80`. */
export interface QualityOptions {
  /** Default: 80. */
  readonly jpeg?: number | undefined;
  /** Default: 80. */
  readonly webp?: number | undefined;
  /** Default: 50, which looks like 80 of the others. */
  readonly avif?: number | undefined;
}

type Settings<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

export type SharpMakerSettings = Settings<Omit<SharpMakerOptions, 'quality'>> & {
  readonly quality: Settings<QualityOptions>;
};

const million = 1_000_000;
const MiB = 1024 ** 2;

const defaults = {
  maxInputPixels: 100 * million,
  maxOutputPixels: 100 * million,
  maxInputSizeBytes: 100 * MiB,
  concurrency: Math.min(availableParallelism(), 4),
  queueMax: 1000,
  timeoutSeconds: 30,
  quality: { jpeg: 80, webp: 80, avif: 50 },
  animated: true,
  svg: false,
} as const satisfies SharpMakerSettings;

const limits = {
  maxInputPixels: [1, 10_000 * million],
  maxOutputPixels: [1, 10_000 * million],
  maxInputSizeBytes: [1, 1024 * MiB],
  concurrency: [1, 64],
  queueMax: [0, 100_000],
  timeoutSeconds: [1, 3600],
} as const satisfies Partial<Record<keyof SharpMakerOptions, readonly [number, number]>>;

const qualityLimits = [1, 100] as const;

/** @throws InvalidOptionError */
export function resolveSharpMakerOptions(options: SharpMakerOptions): SharpMakerSettings {
  refuseUnknownOptions(options, defaults);
  return {
    maxInputPixels: number(options, 'maxInputPixels'),
    maxOutputPixels: number(options, 'maxOutputPixels'),
    maxInputSizeBytes: number(options, 'maxInputSizeBytes'),
    concurrency: number(options, 'concurrency'),
    queueMax: number(options, 'queueMax'),
    timeoutSeconds: number(options, 'timeoutSeconds'),
    quality: resolveQuality(options.quality ?? {}),
    animated: flag(options, 'animated'),
    svg: flag(options, 'svg'),
  };
}

function resolveQuality(quality: QualityOptions): Settings<QualityOptions> {
  refuseUnknownOptions(quality, defaults.quality, 'quality.');
  const of = (format: keyof QualityOptions) =>
    wholeNumber(`quality.${format}`, quality[format] ?? defaults.quality[format], qualityLimits);
  return { jpeg: of('jpeg'), webp: of('webp'), avif: of('avif') };
}

function number(options: SharpMakerOptions, name: keyof typeof limits): number {
  return wholeNumber(name, options[name] ?? defaults[name], limits[name]);
}

function flag(options: SharpMakerOptions, name: 'animated' | 'svg'): boolean {
  const value: unknown = options[name] ?? defaults[name];
  if (typeof value !== 'boolean') {
    throw invalidOption(name, 'expected true or false', value);
  }
  return value;
}

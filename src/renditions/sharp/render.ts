import sharp, { type Sharp, type SharpOptions } from 'sharp';
import type { CropWindow } from './crop-window.js';
import type { FilterStep } from './filter-part.js';
import { applySteps } from './filter-stages.js';
import { encode, type Encoding } from './output-format.js';

/** Everything that is to be done to one picture. */
export interface RenderPlan {
  readonly frames: number;
  readonly maxInputPixels: number;
  readonly timeoutSeconds: number;
  readonly resize: CropResize | FitResize | undefined;
  readonly stages: readonly (readonly FilterStep[])[];
  readonly encoding: Encoding;
}

export interface CropResize extends CropWindow {
  readonly kind: 'crop';
  readonly width: number;
  readonly height: number;
}

export interface FitResize {
  readonly kind: 'thumbnail';
  readonly width: number | undefined;
  readonly height: number | undefined;
}

export interface RenderedPicture {
  readonly bytes: Buffer;
  /** Of one frame, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Uncompressed pixels between two stages: frames below each other. */
interface RawPicture {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/**
 * Does it, in memory: encoders hold a picture as a whole before its first byte comes out, and so nothing half made is ever
 * stored. Throws what sharp throws, and the signal's reason between two stages.
 */
export async function render(
  original: Buffer,
  plan: RenderPlan,
  signal: AbortSignal,
): Promise<RenderedPicture> {
  const inTime = deadline(plan.timeoutSeconds);
  const [first = [], ...others] = plan.stages;
  const decoded = inTime(applySteps(resized(open(original, plan), plan.resize), first));
  if (others.length === 0) {
    return finish(decoded, plan);
  }
  let frames = await splitFrames(decoded, plan);
  for (const steps of others) {
    const done: RawPicture[] = [];
    for (const frame of frames) {
      signal.throwIfAborted();
      done.push(await toRaw(inTime(applySteps(fromRaw(frame), steps))));
    }
    frames = done;
  }
  signal.throwIfAborted();
  return finish(inTime(fromRaw(joinFrames(frames))), plan);
}

/** Gives each pipeline what is left of the time. Once nothing is, it throws the same as sharp. */
function deadline(seconds: number): (image: Sharp) => Sharp {
  const end = performance.now() + seconds * 1000;
  return (image) => {
    const leftSeconds = Math.ceil((end - performance.now()) / 1000);
    if (leftSeconds < 1) throw new Error('timeout: between two stages');
    return image.timeout({ seconds: leftSeconds });
  };
}

function open(original: Buffer, { frames, maxInputPixels }: RenderPlan): Sharp {
  const options: SharpOptions = {
    autoOrient: true,
    // Warnings are about oddities that every viewer shows without one; truncated pixels are an error.
    failOn: 'error',
    limitInputPixels: maxInputPixels,
    pages: frames,
  };
  return sharp(original, options);
}

function resized(image: Sharp, resize: RenderPlan['resize']): Sharp {
  if (resize === undefined) {
    return image;
  }
  const { width, height } = resize;
  if (resize.kind === 'thumbnail') {
    const sides = { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) };
    return image.resize({ ...sides, fit: 'inside', withoutEnlargement: true });
  }
  const { scaled, left, top } = resize;
  return image
    .resize({ ...scaled, fit: 'fill' })
    .extract({ left, top, width: resize.width, height: resize.height });
}

async function finish(image: Sharp, { encoding }: RenderPlan): Promise<RenderedPicture> {
  const { data, info } = await encode(image, encoding).toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.pageHeight ?? info.height };
}

async function splitFrames(image: Sharp, { frames }: RenderPlan): Promise<RawPicture[]> {
  const whole = await toRaw(image);
  const height = whole.height / frames;
  const sizeBytes = whole.bytes.length / frames;
  return Array.from({ length: frames }, (_, index) => ({
    ...whole,
    height,
    bytes: whole.bytes.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  }));
}

function joinFrames(frames: readonly RawPicture[]): RawPicture & { readonly pageHeight?: number } {
  const [frame, ...others] = frames;
  if (frame === undefined) throw new RangeError('there is no frame');
  return others.length === 0
    ? frame
    : {
        ...frame,
        height: frame.height * frames.length,
        pageHeight: frame.height,
        bytes: Buffer.concat(frames.map(({ bytes }) => bytes)),
      };
}

async function toRaw(image: Sharp): Promise<RawPicture> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return {
    bytes: data,
    width: info.width,
    height: info.height,
    channels: info.channels as RawPicture['channels'],
  };
}

function fromRaw({ bytes, ...raw }: RawPicture): Sharp {
  return sharp(bytes, { raw, limitInputPixels: false });
}

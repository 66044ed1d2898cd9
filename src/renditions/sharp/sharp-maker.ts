import { InvalidRenditionSpecError } from '../../errors/invalid-rendition-spec-error.js';
import type { MadeRendition, RenditionMaker, RenditionRequest } from '../rendition-maker.js';
import type { RenditionSpec } from '../rendition-spec.js';
import { cropWindow } from './crop-window.js';
import { type Filter, type FilterStep, parseFilter } from './filter-part.js';
import { toStages } from './filter-stages.js';
import { centre, isFocalPoint } from './focal-point.js';
import { pixelError } from './image-error.js';
import { checkPixels, type ImageHeader, inspectImage } from './inspect-image.js';
import { contentTypeOf, type Encoding, filenameFor, formatLike, isAnimatable } from './output-format.js';
import { readBytes } from './read-bytes.js';
import { render, type RenderPlan } from './render.js';
import {
  resolveSharpMakerOptions,
  type SharpMakerOptions,
  type SharpMakerSettings,
} from './sharp-maker-options.js';
import { parseSize, type Size } from './size-part.js';
import { WorkLimit } from './work-limit.js';

/** A spec, understood. */
interface Recipe {
  readonly size: Size | undefined;
  readonly filter: Filter;
}

const noFilter: Filter = { steps: [], format: undefined, quality: undefined };

/**
 * A maker of renditions with sharp, for the option `renditions.maker`: sizes `crop-400x300` and `thumbnail-400x300`, filters such as
 * `grayscale+blur-5+webp-80`. The size comes first, then the steps in the order they are written in.
 *
 * Renditions are pictures as shown: turned as EXIF says, in sRGB, and without the original's metadata. Their own is
 * `{ width, height }` in pixels. The limits hold for this maker; two makers have two queues.
 *
 * `make` throws `InvalidImageError` for what is no image, is truncated, or has more pixels or bytes than allowed, with the `reason`
 * in its context; `RenditionBusyError` when too many wait; `RenditionFailedError` after `timeoutSeconds`.
 *
 * ```ts
 * FileRegistryModule.forRoot({ database, storages, renditions: { maker: sharpMaker({ concurrency: 2 }) } });
 * ```
 *
 * @throws InvalidOptionError
 */
export function sharpMaker(options: SharpMakerOptions = {}): RenditionMaker {
  const settings = resolveSharpMakerOptions(options);
  const limit = new WorkLimit(settings.concurrency, settings.queueMax);
  return {
    check: (spec) => {
      understand(spec, settings);
    },
    make: async (request) => {
      const recipe = understand(request.spec, settings);
      return limit.run(request.signal, () => make(request, recipe, settings));
    },
  };
}

function understand(spec: RenditionSpec, { maxOutputPixels }: SharpMakerSettings): Recipe {
  const size = spec.size === undefined ? undefined : parseSize(spec.size);
  if (size?.kind === 'crop' && size.width * size.height > maxOutputPixels) {
    throw new InvalidRenditionSpecError(
      `${spec.size} has more than the ${maxOutputPixels} pixels that maxOutputPixels of sharpMaker allows.`,
      { context: { size: spec.size, maxOutputPixels } },
    );
  }
  return { size, filter: spec.filter === undefined ? noFilter : parseFilter(spec.filter) };
}

async function make(
  request: RenditionRequest,
  recipe: Recipe,
  settings: SharpMakerSettings,
): Promise<MadeRendition> {
  const { original, signal } = request;
  const bytes = await readBytes(request, settings.maxInputSizeBytes);
  const header = await inspectImage(original, bytes, settings);
  const plan = planOf(request, recipe, header, settings);
  signal.throwIfAborted();
  try {
    const { bytes: content, width, height } = await render(bytes, plan, signal);
    const { format } = plan.encoding;
    return {
      content,
      contentType: contentTypeOf(format),
      filename: filenameFor(original.filename, format),
      metadata: { width, height },
    };
  } catch (error) {
    throw signal.aborted ? signal.reason : pixelError(original, error, settings.timeoutSeconds);
  }
}

function planOf(
  { original }: RenditionRequest,
  { size, filter }: Recipe,
  header: ImageHeader,
  settings: SharpMakerSettings,
): RenderPlan {
  const format = filter.format ?? formatLike(header.metadata);
  const picture = { ...header, frames: isAnimatable(format) ? header.frames : 1 };
  checkPixels(original, 'has', picture, 'maxInputPixels', settings.maxInputPixels);
  const stages = toStages(stepsFor(format, filter, header), {
    isSized: size !== undefined,
    isAnimated: picture.frames > 1,
  });
  return {
    frames: picture.frames,
    maxInputPixels: settings.maxInputPixels,
    timeoutSeconds: settings.timeoutSeconds,
    resize: size?.kind === 'crop' ? cropOf(original, size, picture, settings) : size,
    stages,
    encoding: encodingOf(format, filter, header, settings),
  };
}

function cropOf(
  original: RenditionRequest['original'],
  size: Size & { kind: 'crop' },
  picture: Pick<ImageHeader, 'width' | 'height' | 'frames'>,
  { maxOutputPixels }: SharpMakerSettings,
): RenderPlan['resize'] {
  const { focalPoint: own } = original.metadata;
  const focalPoint = size.focalPoint ?? (isFocalPoint(own) ? own : centre);
  const window = cropWindow(picture, size, focalPoint);
  const scaled = { ...window.scaled, frames: picture.frames };
  checkPixels(original, 'would have to be cut out of', scaled, 'maxOutputPixels', maxOutputPixels);
  return { ...size, ...window };
}

function stepsFor(
  format: Encoding['format'],
  { steps }: Filter,
  { metadata }: ImageHeader,
): readonly FilterStep[] {
  return format === 'jpeg' && metadata.hasAlpha ? [...steps, { kind: 'flatten' }] : steps;
}

function encodingOf(
  format: Encoding['format'],
  filter: Filter,
  { metadata, frames }: ImageHeader,
  { quality }: SharpMakerSettings,
): Encoding {
  const byDefault = format === 'png' || format === 'gif' ? undefined : quality[format];
  return {
    format,
    quality: filter.quality ?? byDefault,
    delay: frames > 1 ? metadata.delay : undefined,
    loop: frames > 1 ? metadata.loop : undefined,
  };
}

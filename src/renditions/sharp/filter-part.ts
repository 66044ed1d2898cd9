import { InvalidRenditionSpecError } from '../../errors/invalid-rendition-spec-error.js';
import { isOutputFormat, type OutputFormat, takesQuality } from './output-format.js';

/** One step of a filter chain, before the encoding. `flatten` is never asked for: JPEG needs it, which knows no transparency. */
export type FilterStep =
  | { readonly kind: 'invert' | 'grayscale' | 'flip' | 'flop' | 'flatten' }
  | { readonly kind: 'rotate'; readonly degrees: number }
  | { readonly kind: 'blur'; readonly sigma: number };

/** What the filter part of a spec says: steps in their order, and perhaps a format as the last. */
export interface Filter {
  readonly steps: readonly FilterStep[];
  readonly format: OutputFormat | undefined;
  /** Undefined: the maker's default. */
  readonly quality: number | undefined;
}

const stepsMax = 8;
/** The least that sharp takes, and the most at which it still heeds a timeout within seconds; it takes up to 1,000. */
const sigmaLimits = [0.3, 250] as const;
const turns = ['90', '180', '270'];
const plainSteps = ['invert', 'grayscale', 'flip', 'flop'] as const;

const number = /^(?:0|[1-9]\d{0,3})(?:\.\d{1,3})?$/;
const qualityNumber = /^(?:[1-9]\d?|100)$/;

/** @throws InvalidRenditionSpecError */
export function parseFilter(text: string): Filter {
  const names = text.split('+');
  if (names.length > stepsMax) {
    throw refuse(text, `It has ${names.length} steps, at most ${stepsMax} are allowed.`);
  }
  const format = parseFormat(names.at(-1) ?? '');
  const steps = names.slice(0, format === undefined ? undefined : -1).map((name) => parseStep(name, text));
  return { steps, format: format?.format, quality: format?.quality };
}

function parseFormat(name: string): Pick<Filter, 'format' | 'quality'> | undefined {
  const [format = '', quality, ...rest] = name.split('-');
  if (!isOutputFormat(format) || rest.length > 0) {
    return undefined;
  }
  if (quality === undefined) {
    return { format, quality: undefined };
  }
  return takesQuality(format) && qualityNumber.test(quality)
    ? { format, quality: Number(quality) }
    : undefined;
}

function parseStep(name: string, text: string): FilterStep {
  const kind = plainSteps.find((known) => known === name);
  if (kind !== undefined) {
    return { kind };
  }
  const [verb, value = '', ...rest] = name.split('-');
  if (verb === 'rotate' && turns.includes(value) && rest.length === 0) {
    return { kind: 'rotate', degrees: Number(value) };
  }
  if (verb === 'blur' && number.test(value) && rest.length === 0) {
    const [least, most] = sigmaLimits;
    if (Number(value) >= least && Number(value) <= most) {
      return { kind: 'blur', sigma: Number(value) };
    }
  }
  if (parseFormat(name) !== undefined) {
    throw refuse(text, `${name} is a format, which has to be the last step, and there can be one.`);
  }
  throw refuse(text, `${name === '' ? 'An empty step' : name} is no step.`);
}

function refuse(filter: string, what: string): InvalidRenditionSpecError {
  const [least, most] = sigmaLimits;
  return new InvalidRenditionSpecError(
    `${filter} is no filter that sharpMaker knows: ${what} Steps are invert, grayscale, blur-5 (${least} to ${most}), flip, flop, rotate-90, rotate-180 and rotate-270, joined by +; the last may be a format: jpeg, webp, avif or png, each with a quality from 1 to 100 as in webp-80 if you like, or gif.`,
    { context: { filter } },
  );
}

import { invalidOption } from '../options/invalid-option.js';
import { renditionDefaults, renditionLimits } from '../options/option-defaults.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import type { StorageMap } from '../storage/storage-map.js';
import { checkSpec } from './check-spec.js';
import type { RenditionMaker } from './rendition-maker.js';
import type { RenditionOptions } from './rendition-options.js';
import { formatRenditionSpec, type RenditionSpec, toRenditionSpec } from './rendition-spec.js';

const setsMax = 100;
const specsMax = 100;

export interface ResolvedRenditionOptions {
  readonly maker: RenditionMaker | undefined;
  readonly sets: ReadonlyMap<string, readonly RenditionSpec[]>;
  readonly storage: string | undefined;
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly failureTtlMs: number;
  readonly waitTimeoutMs: number;
}

/** @throws InvalidOptionError, InvalidRenditionSpecError, UnknownStorageError */
export function resolveRenditionOptions(
  given: RenditionOptions | undefined,
  storages: StorageMap,
): ResolvedRenditionOptions {
  const options: RenditionOptions = given ?? {};
  refuseUnknownOptions(
    options,
    { ...renditionLimits, maker: true, sets: true, storage: true },
    'renditions.',
  );
  if (options.storage !== undefined) {
    storages.get(options.storage);
  }
  const maker = checkMaker(options.maker);
  const number = (name: keyof typeof renditionLimits) =>
    wholeNumber(`renditions.${name}`, options[name] ?? renditionDefaults[name], renditionLimits[name]);
  return {
    maker,
    sets: checkSets(options.sets ?? {}, maker),
    storage: options.storage,
    timeoutMs: number('timeoutMs'),
    leaseMs: number('leaseMs'),
    failureTtlMs: number('failureTtlMs'),
    waitTimeoutMs: number('waitTimeoutMs'),
  };
}

function checkMaker(maker: unknown): RenditionMaker | undefined {
  if (maker === undefined) {
    return undefined;
  }
  const { make, check = () => undefined } = Object(maker) as Partial<RenditionMaker>;
  if (typeof make !== 'function' || typeof check !== 'function') {
    throw invalidOption(
      'renditions.maker',
      'expected an object with make(request), such as sharpMaker()',
      maker,
    );
  }
  return maker as RenditionMaker;
}

function checkSets(sets: unknown, maker: RenditionMaker | undefined): Map<string, RenditionSpec[]> {
  if (typeof sets !== 'object' || sets === null || Object.keys(sets).length > setsMax) {
    throw invalidOption('renditions.sets', `expected at most ${setsMax} lists of specs by name`, sets);
  }
  return new Map(
    Object.entries(sets).map(([name, specs]) => {
      if (!Array.isArray(specs) || specs.length === 0 || specs.length > specsMax) {
        throw invalidOption(`renditions.sets.${name}`, `expected a list of 1 to ${specsMax} specs`, specs);
      }
      // By their text, so that one that is named twice is made once.
      const checked = new Map(
        Array.from(specs, (spec) => [formatRenditionSpec(spec), toRenditionSpec(spec)]),
      );
      if (maker !== undefined) {
        checked.forEach((spec) => checkSpec(maker, spec));
      }
      return [name, [...checked.values()]];
    }),
  );
}

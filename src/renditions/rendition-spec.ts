import { inspect } from 'node:util';
import { InvalidRenditionSpecError } from '../errors/invalid-rendition-spec-error.js';

/**
 * What a rendition is made to be: a size part, a filter part, or both. What a part means is the maker's business; the registry
 * compares them byte by byte. A part is 1 to 120 characters, begins with a letter or a digit and goes on with those and `._,@+-`.
 *
 * ```ts
 * const spec: RenditionSpec = { size: 'crop-400x400', filter: 'grayscale' };
 * ```
 */
export interface RenditionSpec {
  readonly size?: string | undefined;
  readonly filter?: string | undefined;
}

/** Which parts a spec has. */
export type RenditionKind = 'sized' | 'filtered' | 'filtered-sized';

/** A spec, or its canonical text: `size=crop-400x400`, `filter=grayscale`, `filter=grayscale;size=crop-400x400`. */
export type RenditionSpecArgument = RenditionSpec | string;

/** Two parts with their names fit into a slot, which has 255 bytes. */
const part = /^[A-Za-z0-9][A-Za-z0-9._,@+-]{0,119}$/;
const canonical = /^(?:filter=(?<filter>[^;=]+))?(?:(?:^|;)size=(?<size>[^;=]+))?$/;

/** @throws InvalidRenditionSpecError */
export function toRenditionSpec(spec: RenditionSpecArgument): RenditionSpec {
  const parts: unknown = typeof spec === 'string' ? canonical.exec(spec)?.groups : spec;
  if (typeof parts !== 'object' || parts === null) {
    throw invalid(spec);
  }
  const { size, filter, ...others } = parts as Record<string, unknown>;
  // A misspelt part would be another rendition than was meant.
  if (Object.keys(others).length > 0) {
    throw invalid(spec);
  }
  const checked = { ...checkPart('filter', filter, spec), ...checkPart('size', size, spec) };
  if (Object.keys(checked).length === 0) {
    throw invalid(spec);
  }
  return checked;
}

/**
 * The canonical text of a spec, as it stands in the slot of the reference and may stand in a URL.
 *
 * @throws InvalidRenditionSpecError
 */
export function formatRenditionSpec(spec: RenditionSpecArgument): string {
  return Object.entries(toRenditionSpec(spec))
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

/** @throws InvalidRenditionSpecError */
export function kindOfRendition(spec: RenditionSpecArgument): RenditionKind {
  const { size, filter } = toRenditionSpec(spec);
  if (size === undefined) {
    return 'filtered';
  }
  return filter === undefined ? 'sized' : 'filtered-sized';
}

function checkPart(name: 'size' | 'filter', value: unknown, spec: unknown): Partial<RenditionSpec> {
  if (value === undefined) {
    return {};
  }
  if (typeof value !== 'string' || !part.test(value)) {
    throw invalid(spec, `its ${name}`);
  }
  return { [name]: value };
}

function invalid(spec: unknown, what = 'it'): InvalidRenditionSpecError {
  const shown = inspect(spec, { depth: 1, breakLength: Infinity }).slice(0, 200);
  return new InvalidRenditionSpecError(
    `${shown} is no rendition's spec: ${what} must be as in { size: 'crop-400x400', filter: 'grayscale' }, one of the two at least, each of 1 to 120 letters, digits and . _ , @ + - that begins with a letter or a digit.`,
    { context: { spec: shown } },
  );
}

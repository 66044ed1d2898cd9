import { inspect } from 'node:util';
import type { Argument } from '../database/call.js';
import { InvalidRenditionSpecError } from '../errors/invalid-rendition-spec-error.js';
import {
  kindOfRendition,
  type RenditionKind,
  type RenditionSpec,
  type RenditionSpecArgument,
  toRenditionSpec,
} from './rendition-spec.js';

/**
 * Which renditions of an original: all of them, those of a kind, the one of exactly this spec, or those whose spec has these parts
 * whatever else it has.
 *
 * ```ts
 * const some: RenditionSelector[] = ['all', 'filtered-sized', { size: 'crop-400x400' }, { part: { size: 'crop-400x400' } }];
 * ```
 */
export type RenditionSelector =
  'all' | RenditionKind | RenditionSpecArgument | { readonly part: RenditionSpecArgument };

const kinds: readonly unknown[] = ['sized', 'filtered', 'filtered-sized'] satisfies RenditionKind[];

/** The kind, size and filter that the schema's functions select by. @throws InvalidRenditionSpecError */
export function selectorArguments(selector: RenditionSelector): Argument[] {
  if (selector === 'all') {
    return toArguments(null, {});
  }
  if (kinds.includes(selector)) {
    return toArguments(selector as RenditionKind, {});
  }
  if (typeof selector === 'object' && selector !== null && 'part' in selector) {
    return toArguments(null, toRenditionSpec(selector.part));
  }
  if (typeof selector === 'string' && !selector.includes('=')) {
    throw new InvalidRenditionSpecError(
      `${inspect(selector).slice(0, 200)} selects no renditions. Pass 'all', a kind ('sized', 'filtered', 'filtered-sized'), a spec, or { part: { size: 'crop-400x400' } }.`,
      { context: { selector } },
    );
  }
  const spec = toRenditionSpec(selector as RenditionSpecArgument);
  return toArguments(kindOfRendition(spec), spec);
}

function toArguments(kind: RenditionKind | null, { size, filter }: RenditionSpec): Argument[] {
  return [
    ['text', kind],
    ['text', size ?? null],
    ['text', filter ?? null],
  ];
}

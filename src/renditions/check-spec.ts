import { invalidOption } from '../options/invalid-option.js';
import type { RenditionMaker } from './rendition-maker.js';
import type { RenditionSpec } from './rendition-spec.js';

/** Asks the maker whether it knows the spec. @throws what it says; InvalidOptionError where it would say it too late */
export function checkSpec(maker: RenditionMaker, spec: RenditionSpec): void {
  const said: unknown = maker.check?.(spec);
  if (said instanceof Promise) {
    // Its refusal would have no listener and end the process.
    said.catch(() => undefined);
    throw invalidOption('renditions.maker.check', 'expected to throw at once or to answer nothing', said);
  }
}

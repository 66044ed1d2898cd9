import { isStorableText } from '../database/is-storable-text.js';
import { invalidOption } from './invalid-option.js';
import { refuseUnknownOptions } from './refuse-unknown-options.js';

/** Which records' files are deleted, by the type of owner. One of both. */
export interface OwnerTypesOptions {
  /** Types whose files are kept. 1 to 100 types. */
  readonly ignore?: readonly string[] | undefined;
  /** The only types whose files are deleted; those of every other type are kept. 1 to 100 types. */
  readonly only?: readonly string[] | undefined;
}

export interface ResolvedOwnerTypes {
  readonly ignore: readonly string[];
  readonly only: readonly string[] | null;
}

export const ownerTypesMax = 100;
const typeMaxBytes = 100;

/** @throws InvalidOptionError */
export function resolveOwnerTypes(options: unknown = {}): ResolvedOwnerTypes {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption('ownerTypes', 'expected { ignore } or { only }', options);
  }
  const { ignore, only } = options as OwnerTypesOptions;
  refuseUnknownOptions(options as OwnerTypesOptions, { ignore: true, only: true }, 'ownerTypes.');
  if (ignore !== undefined && only !== undefined) {
    throw invalidOption('ownerTypes', 'expected either ignore or only', options);
  }
  return {
    ignore: ignore === undefined ? [] : ownTypes('ownerTypes.ignore', ignore),
    only: only === undefined ? null : ownTypes('ownerTypes.only', only),
  };
}

/** @throws InvalidOptionError */
export function checkTypeList(option: string, types: unknown): readonly string[] {
  const valid =
    Array.isArray(types) &&
    types.length > 0 &&
    types.length <= ownerTypesMax &&
    types.every((type) => isStorableText(type, typeMaxBytes));
  if (!valid) {
    throw invalidOption(option, `expected 1 to ${ownerTypesMax} types of owners such as 'article'`, types);
  }
  return [...types] as readonly string[];
}

/** Renditions go by their originals, whatever is said here. */
function ownTypes(option: string, types: unknown): readonly string[] {
  const checked = checkTypeList(option, types);
  if (checked.some((type) => type === 'file' || type.startsWith('registry:'))) {
    throw invalidOption(option, "expected types of the application, not 'file' or 'registry:…'", types);
  }
  return checked;
}

import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { invalidOption } from './invalid-option.js';

/**
 * A misspelt option would be none, and what it was to guard would go unguarded. `names` has every option as a key, which the
 * compiler sees to. The value is not shown: it may be a secret in the wrong place.
 *
 * @throws InvalidOptionError naming the option behind the prefix, such as `processor.`, and those there are.
 */
export function refuseUnknownOptions<Options extends object>(
  options: Options,
  names: Readonly<Record<keyof NoInfer<Options>, unknown>>,
  prefix = '',
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(prefix.replace(/\W+$/, '') || 'options', 'expected an object', options);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) {
    const known = Object.keys(names).toSorted();
    throw new InvalidOptionError(`${prefix}${unknown}: no such option; there are ${known.join(', ')}.`, {
      context: { option: prefix + unknown, known },
    });
  }
}

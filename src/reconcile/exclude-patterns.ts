import { inspect } from 'node:util';
import picomatch from 'picomatch/posix.js';
import { isStorableText } from '../database/is-storable-text.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { excludePatternMaxBytes, excludePatternsMax } from './reconcile-defaults.js';

/** True for a key that is left alone. */
export type IsExcluded = (key: string) => boolean;

/**
 * Compiles the globs. A leading dot is nothing special, `**` crosses folders, and a pattern that ends with `/` stands for all below it.
 *
 * @throws InvalidOptionError for a pattern that is malformed or could match no key: a guard that guards nothing is worse than none.
 */
export function excludePatterns(patterns: unknown): IsExcluded {
  if (patterns === undefined) return () => false;
  if (!Array.isArray(patterns) || patterns.length > excludePatternsMax) {
    throw invalid(patterns, `expected a list of at most ${excludePatternsMax} globs such as ['tmp/**']`);
  }
  const matchers = patterns.map(compile);
  return (key) => matchers.some((matches) => matches(key));
}

function compile(pattern: unknown): IsExcluded {
  if (!isStorableText(pattern, excludePatternMaxBytes)) {
    throw invalid(pattern, `expected globs of 1 to ${excludePatternMaxBytes} bytes`);
  }
  const glob = pattern.replace(/^\.\//, '').replace(/\/$/, '/**');
  const fault = faultOf(glob);
  if (fault !== undefined) throw invalid(pattern, fault);
  try {
    // Without the flag a line separator in a key would escape `**`; `debug` lets malformed character classes throw.
    return picomatch(glob, { dot: true, strictBrackets: true, debug: true, flags: 's' });
  } catch (cause) {
    throw invalid(pattern, `expected a glob: ${String(cause)}`);
  }
}

function faultOf(glob: string): string | undefined {
  if (glob.startsWith('/')) return 'keys are relative; leave out the / in front';
  if (/^!(?!\()/.test(glob)) return 'a pattern cannot be negated; name what is to be left alone';
  if (/\\(?:\w|$)/.test(glob))
    return 'a backslash only quotes the sign behind it; put / between the segments of a path';
  if (glob.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return "no key has an empty segment, '.' or '..'";
  }
  return undefined;
}

function invalid(value: unknown, expectation: string): InvalidOptionError {
  return new InvalidOptionError(
    `exclude: ${expectation}, received ${inspect(value, { depth: 1 }).slice(0, 200)}.`,
    {
      context: { option: 'exclude', value },
    },
  );
}

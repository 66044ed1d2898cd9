import { invalidOption } from '../options/invalid-option.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import { inspect } from 'node:util';
import { isStorableText } from '../database/is-storable-text.js';
import type { StorageMap } from '../storage/storage-map.js';
import { excludePatterns, type IsExcluded } from './exclude-patterns.js';
import { reconcileDefaults, reconcileLimits } from './reconcile-defaults.js';
import type { ReconcileOptions } from './reconcile-options.js';

type Defaulted = { readonly [Name in keyof typeof reconcileLimits]: number };

/** The options with every default filled in and every value checked. */
export interface ResolvedReconcileOptions extends Defaulted {
  readonly storage: string;
  readonly fix: false | 'adopt';
  readonly verify: 'none' | 'size' | 'checksum';
  readonly isExcluded: IsExcluded;
  readonly prefix: string;
  readonly after: string | undefined;
  readonly maxOrphanShare: number;
  readonly force: boolean;
  readonly onFinding: ReconcileOptions['onFinding'];
  readonly onProgress: ReconcileOptions['onProgress'];
  readonly signal: AbortSignal | undefined;
}

const keyBytesMax = 1024;
const optionNames = {
  ...reconcileLimits,
  storage: true,
  fix: true,
  verify: true,
  exclude: true,
  prefix: true,
  after: true,
  maxOrphanShare: true,
  force: true,
  onFinding: true,
  onProgress: true,
  signal: true,
} as const satisfies Record<keyof ReconcileOptions, unknown>;

/** @throws InvalidOptionError naming the option and the value received; UnknownStorageError. */
export function resolveReconcileOptions(
  options: ReconcileOptions,
  storages: StorageMap,
): ResolvedReconcileOptions {
  refuseUnknownOptions(options, optionNames);
  const storage = options.storage ?? storages.defaultName;
  storages.get(storage);
  const share = options.maxOrphanShare ?? reconcileDefaults.maxOrphanShare;
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) {
    throw invalidOption('maxOrphanShare', 'expected a number from 0 to 1', share);
  }
  const signal: unknown = options.signal;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('signal', 'expected an AbortSignal', signal);
  }
  return {
    storage,
    fix: oneOf('fix', [false, 'adopt'], options.fix ?? reconcileDefaults.fix),
    verify: oneOf('verify', ['none', 'size', 'checksum'], options.verify ?? reconcileDefaults.verify),
    isExcluded: excludePatterns(options.exclude),
    prefix: text('prefix', options.prefix) ?? '',
    after: text('after', options.after),
    maxOrphanShare: share,
    force: oneOf('force', [false, true], options.force ?? reconcileDefaults.force),
    onFinding: callback('onFinding', options.onFinding),
    onProgress: callback('onProgress', options.onProgress),
    signal,
    ...numbers(options),
  };
}

function numbers(options: ReconcileOptions): Defaulted {
  const resolved: Record<string, number> = {};
  for (const [name, limits] of Object.entries(reconcileLimits)) {
    const key = name as keyof Defaulted;
    resolved[name] = wholeNumber(name, options[key] ?? reconcileDefaults[key], limits);
  }
  return resolved as Defaulted;
}

function oneOf<Value>(option: string, values: readonly Value[], value: Value): Value {
  if (values.includes(value)) return value;
  throw invalidOption(option, `expected ${values.map((each) => inspect(each)).join(' or ')}`, value);
}

/** An empty text is the same as none. */
function text(option: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (isStorableText(value, keyBytesMax)) return value;
  throw invalidOption(option, `expected a text of at most ${keyBytesMax} bytes`, value);
}

function callback<Callback>(option: string, value: Callback): Callback {
  if (value === undefined || typeof value === 'function') return value;
  throw invalidOption(option, 'expected a function', value);
}

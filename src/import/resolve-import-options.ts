import { invalidOption } from '../options/invalid-option.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import type { ImportOptions } from './import-options.js';

/** Every default and limit in one place. */
export const importDefaults = { batchSize: 1000, concurrency: 32, skipRows: 0, samples: 10 } as const;

export const importLimits = {
  batchSize: [1, 10_000],
  concurrency: [1, 256],
  skipRows: [0, Number.MAX_SAFE_INTEGER],
  samples: [0, 10_000],
} as const satisfies Record<keyof typeof importDefaults, readonly [number, number]>;

const optionNames = {
  ...importLimits,
  storage: true,
  dryRun: true,
  mapKey: true,
  onMissing: true,
  onRefused: true,
  onProgress: true,
  signal: true,
} as const satisfies Record<keyof ImportOptions, unknown>;

export interface ResolvedImportOptions extends Omit<ImportOptions, 'storage' | keyof typeof importDefaults> {
  readonly batchSize: number;
  readonly concurrency: number;
  readonly skipRows: number;
  readonly samples: number;
  readonly dryRun: boolean;
}

/** @throws InvalidOptionError naming the option and the value received. */
export function resolveImportOptions(options: ImportOptions): ResolvedImportOptions {
  refuseUnknownOptions(options, optionNames);
  for (const name of ['mapKey', 'onMissing', 'onRefused', 'onProgress'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      throw invalidOption(name, 'expected a function', options[name]);
    }
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalidOption('signal', 'expected an AbortSignal', options.signal);
  }
  const { dryRun = false } = options;
  if (typeof dryRun !== 'boolean') {
    throw invalidOption('dryRun', 'expected true or false', dryRun);
  }
  return {
    ...options,
    dryRun,
    batchSize: number('batchSize', options),
    concurrency: number('concurrency', options),
    skipRows: number('skipRows', options),
    samples: number('samples', options),
  };
}

function number(name: keyof typeof importDefaults, options: ImportOptions): number {
  return wholeNumber(name, options[name] ?? importDefaults[name], importLimits[name]);
}

import { inspect } from 'node:util';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import type { ImportOptions } from './import-options.js';

/** Every default and limit in one place. */
export const importDefaults = { batchSize: 1000, concurrency: 32, skipRows: 0, samples: 10 } as const;

export const importLimits = {
  batchSize: [1, 10_000],
  concurrency: [1, 256],
  skipRows: [0, Number.MAX_SAFE_INTEGER],
  samples: [0, 10_000],
} as const satisfies Record<keyof typeof importDefaults, readonly [number, number]>;

export interface ResolvedImportOptions extends Omit<ImportOptions, 'storage' | keyof typeof importDefaults> {
  readonly batchSize: number;
  readonly concurrency: number;
  readonly skipRows: number;
  readonly samples: number;
  readonly dryRun: boolean;
}

/** @throws InvalidOptionError naming the option and the value received. */
export function resolveImportOptions(options: ImportOptions): ResolvedImportOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalid('options', options, 'expected an object');
  }
  for (const name of ['mapKey', 'onMissing', 'onRefused', 'onProgress'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      throw invalid(name, options[name], 'expected a function');
    }
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalid('signal', options.signal, 'expected an AbortSignal');
  }
  const { dryRun = false } = options;
  if (typeof dryRun !== 'boolean') {
    throw invalid('dryRun', dryRun, 'expected true or false');
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
  const value = options[name] ?? importDefaults[name];
  const [min, max] = importLimits[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(name, value, `expected a whole number from ${min} to ${max}`);
  }
  return value;
}

function invalid(option: string, value: unknown, expectation: string): InvalidOptionError {
  return new InvalidOptionError(`${option}: ${expectation}, received ${inspect(value, { depth: 0 })}.`, {
    context: { option, value },
  });
}
